//! The embedding API from outside: what a host program sees.

#[path = "api/collections.rs"]
mod collections;
#[path = "api/compile_fail.rs"]
mod compile_fail;
#[path = "api/conversion_limits.rs"]
mod conversion_limits;
#[path = "api/convert.rs"]
mod convert;
#[path = "api/documentation.rs"]
mod documentation;
#[path = "api/errors.rs"]
mod errors;
#[path = "api/examples.rs"]
mod examples;
#[path = "api/extremes.rs"]
mod extremes;
#[path = "api/failures.rs"]
mod failures;
#[path = "api/finalization.rs"]
mod finalization;
#[path = "api/foreign.rs"]
mod foreign;
#[path = "api/functions.rs"]
mod functions;
#[path = "api/handles.rs"]
mod handles;
#[path = "api/host_classes.rs"]
mod host_classes;
#[path = "api/host_families.rs"]
mod host_families;
#[path = "api/host_values.rs"]
mod host_values;
#[path = "api/image_parts.rs"]
mod image_parts;
#[path = "api/images.rs"]
mod images;
#[path = "api/limits.rs"]
mod limits;
#[cfg(feature = "packages")]
#[path = "api/loading.rs"]
mod loading;
#[path = "api/overrun.rs"]
mod overrun;
#[path = "api/panics.rs"]
mod panics;
#[cfg(feature = "files")]
#[path = "api/permissions.rs"]
mod permissions;
#[cfg(feature = "serde")]
#[path = "api/serial.rs"]
mod serial;
#[path = "api/slices.rs"]
mod slices;
#[path = "api/spans.rs"]
mod spans;
#[path = "api/stack.rs"]
mod stack;
#[path = "api/stops.rs"]
mod stops;
#[path = "api/taken_images.rs"]
mod taken_images;
#[path = "api/wrappers.rs"]
mod wrappers;
