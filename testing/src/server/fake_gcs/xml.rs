//! What Google's XML interface says, from what the JSON interface says.

use std::fmt::Write;

use serde_json::Value;

/// A page of objects. The object that `after` names is left out.
pub(super) fn page(bucket: &str, list: &Value, after: Option<&str>) -> String {
    let mut xml = begin("ListBucketResult");
    element(&mut xml, "Name", bucket);
    for item in list["items"].as_array().into_iter().flatten() {
        if item["name"].as_str() == after {
            continue;
        }
        xml += "<Contents>";
        for (name, key) in [
            ("Key", "name"),
            ("Generation", "generation"),
            ("Size", "size"),
            ("LastModified", "updated"),
            ("ETag", "etag"),
        ] {
            element(&mut xml, name, item[key].as_str().unwrap_or_default());
        }
        xml += "</Contents>";
    }
    for prefix in list["prefixes"].as_array().into_iter().flatten() {
        xml += "<CommonPrefixes>";
        element(&mut xml, "Prefix", prefix.as_str().unwrap_or_default());
        xml += "</CommonPrefixes>";
    }
    let token = list["nextPageToken"].as_str().filter(|token| !token.is_empty());
    element(&mut xml, "IsTruncated", if token.is_some() { "true" } else { "false" });
    if let Some(token) = token {
        element(&mut xml, "NextContinuationToken", token);
    }
    xml + "</ListBucketResult>"
}

/// An upload in parts has begun.
pub(super) fn begun(upload: &str) -> String {
    let mut xml = begin("InitiateMultipartUploadResult");
    element(&mut xml, "UploadId", upload);
    xml + "</InitiateMultipartUploadResult>"
}

/// An upload in parts is an object.
pub(super) fn completed(etag: &str) -> String {
    let mut xml = begin("CompleteMultipartUploadResult");
    element(&mut xml, "ETag", etag);
    xml + "</CompleteMultipartUploadResult>"
}

/// An error.
pub(super) fn error(status: u16, message: &str) -> String {
    let code = match status {
        400 => "InvalidArgument",
        404 => "NoSuchKey",
        412 => "PreconditionFailed",
        _ => "InternalError",
    };
    let mut xml = begin("Error");
    element(&mut xml, "Code", code);
    element(&mut xml, "Message", message);
    xml + "</Error>"
}

/// The numbers of the parts that a list of parts names.
pub(super) fn part_numbers(xml: &str) -> Vec<u32> {
    let number = |text: &str| text.split('<').next()?.trim().parse().ok();
    xml.split("<PartNumber>").skip(1).filter_map(number).collect()
}

fn begin(name: &str) -> String {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><{name}>")
}

fn element(xml: &mut String, name: &str, value: &str) {
    let value = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    let _ = write!(xml, "<{name}>{value}</{name}>");
}
