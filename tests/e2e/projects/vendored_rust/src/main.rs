use std::io::Write;

#[derive(clap::Parser)]
struct Options {
    #[arg(default_value = "world")]
    name: String,
}

#[derive(serde::Serialize)]
struct Answer<'a> {
    name: &'a str,
    words: usize,
    packed: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("no name: {0:?}")]
struct NoName(String);

fn main() -> Result<(), NoName> {
    let options = <Options as clap::Parser>::parse();
    let words = regex::Regex::new(r"\w+").unwrap().find_iter(&options.name).count();
    if words == 0 {
        return Err(NoName(options.name));
    }
    let text = options.name.repeat(1000);
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    packer.write_all(text.as_bytes()).unwrap();
    let packed = packer.finish().unwrap().len() < text.len();
    println!("{}", serde_json::to_string(&Answer { name: &options.name, words, packed }).unwrap());
    Ok(())
}
