//! The client: embedded files, and the page for every address that is the client's own.
//!
//! Names are looked up in a fixed list, never on the disk by path, so no spelling can leave the folder.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use common::ErrorCode;
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest, Sha256};

use crate::error::ApiError;

/// `frontend/dist`: read from the disk in debug builds, part of the program in release builds; may be absent.
#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../../frontend/dist"]
#[allow_missing = true]
struct Dist;

/// Answers a file of the client, or its page; 404 when a file name is not known.
pub fn serve(request: &HttpRequest) -> Result<HttpResponse, ApiError> {
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return Err(ApiError::new(ErrorCode::MethodNotAllowed, "only GET is allowed here"));
    }
    let path = request.path().trim_start_matches('/');
    let is_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    let name = if is_file { path } else { "index.html" };
    let file = find(name).ok_or_else(|| {
        if is_file {
            ApiError::not_found("page")
        } else {
            ApiError::unavailable("the client is not built in; build it with `cargo xtask web`")
        }
    })?;
    let etag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..16]));
    if request
        .headers()
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == etag.as_bytes())
    {
        return Ok(HttpResponse::NotModified().insert_header((header::ETAG, etag)).finish());
    }
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, content_type(name)))
        .insert_header((header::CACHE_CONTROL, cache_control(name)))
        .insert_header((header::VARY, "accept-encoding"))
        .insert_header((header::ETAG, etag));
    // Compressed once when the client is built, not for every visitor.
    if accepts_brotli(request)
        && let Some(compressed) = find(&format!("{name}.br"))
    {
        return Ok(response
            .insert_header((header::CONTENT_ENCODING, "br"))
            .body(compressed.data.into_owned()));
    }
    Ok(response.body(file.data.into_owned()))
}

/// Hashes (base64 of SHA-256) of the page's inline scripts, for the policy.
pub fn inline_script_hashes() -> Vec<String> {
    let Some(page) = find("index.html") else {
        return Vec::new();
    };
    let page = String::from_utf8_lossy(&page.data).into_owned();
    let mut hashes = Vec::new();
    let mut rest = page.as_str();
    while let Some((_, after)) = rest.split_once("<script") {
        let Some((attributes, after)) = after.split_once('>') else {
            break;
        };
        let Some((script, after)) = after.split_once("</script>") else {
            break;
        };
        if !attributes.contains("src=") {
            hashes.push(STANDARD.encode(Sha256::digest(script.as_bytes())));
        }
        rest = after;
    }
    hashes
}

fn find(name: &str) -> Option<EmbeddedFile> {
    // In debug builds the list is a folder on the disk: only plain names may be asked for.
    let is_plain = name.split('/').all(|part| !part.is_empty() && !part.starts_with('.'))
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte));
    if is_plain { Dist::get(name) } else { None }
}

fn accepts_brotli(request: &HttpRequest) -> bool {
    let accepted = request
        .headers()
        .get(header::ACCEPT_ENCODING)
        .and_then(|value| value.to_str().ok());
    accepted.is_some_and(|list| {
        list.split(',')
            .any(|one| one.trim() == "br" || one.trim().starts_with("br;q=1"))
    })
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "txt" => "text/plain; charset=utf-8",
        "webmanifest" | "json" => "application/json",
        _ => "application/octet-stream",
    }
}

/// Files whose name or folder holds a hash of their content never change.
fn cache_control(name: &str) -> &'static str {
    let is_hashed = name
        .split(['/', '-', '.', '_'])
        .any(|part| part.len() == 16 && part.bytes().all(|b| b.is_ascii_hexdigit()));
    if is_hashed {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    }
}
