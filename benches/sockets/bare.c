/* What the machine itself takes: an echo server on a Unix socket in C, one epoll loop without
 * anything around it. No language is asked to be as fast; it tells what is left to gain. */

#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char buffer[8192];

static void watch(int poller, int descriptor) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.fd = descriptor};
    epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event);
}

int main(int count, char **arguments) {
    if (count < 2) return 1;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, arguments[1], sizeof address.sun_path - 1);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 128)) return 1;
    int poller = epoll_create1(0);
    watch(poller, listener);
    printf("ready %s\n", arguments[1]);
    fflush(stdout);
    for (;;) {
        struct epoll_event events[256];
        int ready = epoll_wait(poller, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            int descriptor = events[i].data.fd, connection;
            if (descriptor == listener) {
                while ((connection = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) watch(poller, connection);
                continue;
            }
            ssize_t size = recv(descriptor, buffer, sizeof buffer, 0);
            if (size > 0) send(descriptor, buffer, size, MSG_NOSIGNAL);
            if (size == 0) close(descriptor);
        }
    }
}
