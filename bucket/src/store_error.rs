//! What a store's error means: told by its kind, and by the words of the protocol that are in it.

use object_store::Error as StoreError;

/// The codes of credentials that were good and will be again.
const EXPIRED: [&str; 3] = ["ExpiredToken", "TokenRefreshRequired", "RequestExpired"];

/// What is said of a profile that gives no credentials.
pub(crate) const NO_CREDENTIALS_OF_PROFILE: &str = "gives no credentials";

/// The codes of credentials that the store does not know, or that do not prove what they say.
const WRONG_CREDENTIALS: [&str; 5] = [
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "InvalidClientTokenId",
    "AuthenticationFailed",
    "401 Unauthorized",
];

/// What is said to somebody who asks in the wrong region.
const ELSEWHERE: [&str; 4] = [
    "AuthorizationHeaderMalformed",
    "PermanentRedirect",
    "IllegalLocationConstraint",
    "Received redirect without LOCATION",
];

/// What the client says of a request that it has tried as often as it was told to.
const GIVEN_UP: &str = "after 8 retries";

/// Whether the same request may succeed in a moment: its answer was cut off, or its credentials were just replaced.
pub(crate) fn is_passing(error: &StoreError) -> bool {
    if has_no_credentials(error) || has_no_profile(error) {
        return false;
    }
    match error {
        // What the server answered in full has been judged already, and what was tried so often has been given up.
        StoreError::Generic { .. } => {
            let text = error.to_string();
            has_expired(error) || !(text.contains("status code:") || text.contains(GIVEN_UP))
        }
        StoreError::PermissionDenied { .. } | StoreError::Unauthenticated { .. } => has_expired(error),
        _ => false,
    }
}

/// Whether a server refused without a word of why.
pub(crate) fn is_wordless(error: &StoreError) -> bool {
    let text = error.to_string();
    let refused = ["status code: 400", "status code: 401", "status code: 403"];
    refused.into_iter().any(|status| text.contains(status)) && !text.contains("<Code>")
}

/// Whether credentials are no longer good.
pub(crate) fn has_expired(error: &StoreError) -> bool {
    let text = error.to_string();
    EXPIRED.into_iter().any(|code| text.contains(code))
}

/// Whether the client has asked the machine's platform who we are, as it does last, and there is none.
pub(crate) fn has_no_credentials(error: &StoreError) -> bool {
    let text = error.to_string();
    ["169.254.169.254", "metadata.google.internal"].into_iter().any(|place| text.contains(place))
}

/// Whether the store says that not only an object but the whole bucket is not there.
pub(crate) fn names_no_bucket(error: &StoreError) -> bool {
    let text = error.to_string();
    ["NoSuchBucket", "ContainerNotFound", "The specified bucket does not exist"]
        .into_iter()
        .any(|code| text.contains(code))
}

/// Whether a profile, which is to say who we are, does not.
pub(crate) fn has_no_profile(error: &StoreError) -> bool {
    error.to_string().contains(NO_CREDENTIALS_OF_PROFILE)
}

/// Whether the store does not take the credentials, whatever they would allow.
pub(crate) fn are_credentials_wrong(error: &StoreError) -> bool {
    let text = error.to_string();
    WRONG_CREDENTIALS.into_iter().any(|code| text.contains(code))
}

/// Whether the bucket is in another region.
pub(crate) fn is_elsewhere(error: &StoreError) -> bool {
    let text = error.to_string();
    ELSEWHERE.into_iter().any(|code| text.contains(code))
}

/// Whether the store knows us and refuses, said without a kind of its own.
pub(crate) fn is_refused(error: &StoreError) -> bool {
    matches!(error, StoreError::Generic { .. }) && error.to_string().contains("status code: 403")
}

/// Whether what the server said has markup around it.
pub(crate) fn has_markup(error: &StoreError) -> bool {
    error.to_string().contains("<Code>")
}

/// Whether nobody answers at the store's address.
pub(crate) fn is_out_of_reach(error: &(dyn std::error::Error + 'static)) -> bool {
    error.to_string().contains("error sending request")
}

/// What a server said, as an error.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Said(pub(crate) String);

/// What a server said, without the markup around it: code and message where there are any.
pub(crate) fn said(error: &StoreError) -> String {
    let text = error.to_string();
    let part = |tag: &str| {
        let (_, rest) = text.split_once(&format!("<{tag}>"))?;
        Some(unescaped(rest.split_once(&format!("</{tag}>"))?.0))
    };
    match (part("Code"), part("Message")) {
        (Some(code), Some(message)) => format!("{message} ({code})"),
        (Some(code), None) => code,
        _ => text,
    }
}

/// Text of a document in XML, as it is read.
fn unescaped(text: &str) -> String {
    let marks = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&apos;", "'"),
        ("&#39;", "'"),
        ("&#34;", "\""),
        ("&amp;", "&"),
    ];
    marks.into_iter().fold(text.to_owned(), |text, (mark, meant)| text.replace(mark, meant))
}
