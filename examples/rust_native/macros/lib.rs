//! `#[derive(Named)]`: the name of a type, as text.

use proc_macro::{TokenStream, TokenTree};

#[proc_macro_derive(Named)]
pub fn named(item: TokenStream) -> TokenStream {
    let mut tokens = item.into_iter();
    let name = loop {
        match (tokens.next(), tokens.next()) {
            (Some(TokenTree::Ident(word)), Some(TokenTree::Ident(name))) if word.to_string() == "struct" => break name.to_string(),
            (Some(TokenTree::Ident(_)), Some(TokenTree::Group(_))) | (Some(TokenTree::Punct(_)), Some(TokenTree::Group(_))) => continue,
            other => panic!("derive(Named) is for plain structs, and found {:?}", other),
        }
    };
    format!("impl {name} {{ pub const NAME: &'static str = \"{name}\"; }}", name = name)
        .parse()
        .unwrap()
}
