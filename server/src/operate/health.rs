//! Whether the server is alive, and whether it can do its work.

/// The process answers.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}
