#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    surreal_session::fuzzing::value(data);
});
