//! Limits at the prompt: each entry has all of them, and one that reaches a limit is over where the session is not.

mod prompt;

use prompt::Repl;

#[test]
fn time_is_that_of_an_entry_and_not_of_typing() {
    let options = ["--color", "never", "--timeout", "2"];
    let mut repl = Repl::start_with(Repl::folder(), &options, "xterm");
    std::thread::sleep(std::time::Duration::from_millis(2500));
    repl.says("kept := 3", "3");
    repl.tells("[ true ] whileTrue", "error: out of time (--timeout)\r\n");
    repl.tells("(Delay forSeconds: 600) wait", "error: out of time");
    repl.says("kept + 1", "4");
    repl.leave();
}

#[test]
fn fuel_is_that_of_an_entry() {
    let options = ["--color", "never", "--fuel", "1e6"];
    let mut repl = Repl::start_with(Repl::folder(), &options, "xterm");
    for _ in 0..3 {
        repl.says("kept := 3. 300000 timesRepeat: [ ]", "300000");
        repl.tells("[ true ] whileTrue", "error: out of fuel (--fuel)\r\n");
    }
    repl.tells(":time [ true ] whileTrue", "error: out of fuel");
    // The others have theirs while the prompt waits, and the one that used it up is over.
    repl.says("busy := [ [ true ] whileTrue ] fork. #busy", "#busy");
    repl.expect("error: out of fuel (--fuel)\r");
    repl.prompt();
    repl.says("busy isTerminated", "true");
    repl.says("kept + 1", "4");
    repl.leave();
}

#[test]
fn memory_that_an_entry_ran_out_of_is_there_for_the_next_one() {
    let options = ["--color", "never", "--memory", "64M"];
    let mut repl = Repl::start_with(Repl::folder(), &options, "xterm");
    for _ in 0..3 {
        repl.tells(
            "all := OrderedCollection new. [ all add: (Array new: 1000) ] repeat",
            "emory",
        );
        repl.says("all := nil. 3 + 4", "7");
    }
    repl.leave();
}

#[test]
fn a_start_up_file_that_reaches_a_limit_leaves_a_prompt() {
    let state = Repl::folder();
    std::fs::create_dir_all(state.join("chirp")).expect("a folder");
    std::fs::write(
        state.join("chirp/init.st"),
        "kept := 3. [ true ] whileTrue. kept := 4",
    )
    .expect("a file is written");
    for limit in [["--fuel", "1e6"], ["--timeout", "500ms"]] {
        let options = ["--color", "never", limit[0], limit[1]];
        let mut repl = Repl::start_with(state.clone(), &options, "xterm");
        repl.says("kept", "3");
        repl.control('d');
        repl.session.exp_eof().expect("chirp ends");
    }
    let _ = std::fs::remove_dir_all(&state);
}
