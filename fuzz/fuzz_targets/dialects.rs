#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| adg::fuzzing::dialects(data));
