//! Says where Vectorscan's library is, if the feature of that name asks for it: as pkg-config knows.

fn main() {
    #[cfg(feature = "vectorscan")]
    pkg_config::Config::new()
        .atleast_version("5.4")
        .probe("libhs")
        .expect("the feature `vectorscan` needs what Debian calls libvectorscan-dev");
}
