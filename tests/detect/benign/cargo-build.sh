# title: cargo builds and tests a crate without dependencies
# needs: cargo rustc
# as: user

mkdir -p ~/c/src && cd ~/c && printf '[package]\nname = "c"\nversion = "0.1.0"\nedition = "2021"\n' >Cargo.toml
printf 'fn main() {}\n#[test]\nfn t() {}\n' >src/main.rs && cargo test --offline && cargo build --release --offline
