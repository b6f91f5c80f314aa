//! From what a provider says of somebody to the name and the groups that roles go by.

use serde_json::{Map, Value};

use super::OpenIdError;
use crate::door::fields::is_name;
use crate::settings::SignIn;

/// The claim that is a name only when the provider has verified it: anybody may have written somebody else's address.
const EMAIL: &str = "email";
const EMAIL_VERIFIED: &str = "email_verified";

/// A claim by its name, or by the path to it: `groups`, `realm_access.roles`.
pub(super) fn find<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(claim) = claims.get(name) {
        return Some(claim);
    }
    let (first, rest) = name.split_once('.')?;
    let inner = claims.get(first)?.as_object()?;
    find(inner, rest)
}

/// Claims of a token with those of the same person's userinfo. The token's stand above.
pub(super) fn joined(
    token: Map<String, Value>,
    userinfo: Map<String, Value>,
) -> Result<Map<String, Value>, OpenIdError> {
    if userinfo.get("sub") != token.get("sub") {
        return Err(OpenIdError::Claims("the userinfo is somebody else's".to_owned()));
    }
    let mut joined = userinfo;
    joined.extend(token);
    Ok(joined)
}

/// The name and the groups.
pub(super) fn identity(
    settings: &SignIn,
    claims: &Map<String, Value>,
) -> Result<(String, Vec<String>), OpenIdError> {
    let claim = &settings.name_claim;
    let wrong = |what: &str| Err(OpenIdError::Claims(format!("the claim `{claim}` {what}")));
    let Some(name) = find(claims, claim).and_then(Value::as_str) else {
        return wrong("is missing: name another one with name_claim, or ask for more scopes");
    };
    if !is_name(name) {
        return wrong("is no name");
    }
    if claim == EMAIL && !claims.get(EMAIL_VERIFIED).is_some_and(is_true) {
        return wrong("was not verified by the provider: name another one with name_claim");
    }
    let groups = match find(claims, &settings.groups_claim) {
        Some(Value::Array(groups)) => groups.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(group)) => vec![group.as_str()],
        _ => Vec::new(),
    };
    let groups = groups.into_iter().filter(|group| is_name(group)).map(str::to_owned).collect();
    Ok((name.to_owned(), groups))
}

/// Some providers write it as text.
fn is_true(value: &Value) -> bool {
    value == &Value::Bool(true) || value == "true"
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn identity_of(claims: &Value, name: &str, groups: &str) -> Result<(String, Vec<String>), String> {
        let settings: SignIn = toml::from_str(&format!(
            "issuer = \"https://i\"\nclient_id = \"c\"\nname_claim = \"{name}\"\ngroups_claim = \"{groups}\""
        ))
        .unwrap();
        identity(&settings, claims.as_object().unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn names_and_groups_are_found() {
        let ada = |groups: &[&str]| Ok(("ada@x".to_owned(), groups.iter().map(|&g| g.to_owned()).collect()));
        for (claims, groups, expected) in [
            (json!({}), "groups", ada(&[])),
            (json!({"groups": ["a", 1, "b\n", "c"]}), "groups", ada(&["a", "c"])),
            (json!({"groups": "a"}), "groups", ada(&["a"])),
            (json!({"realm_access": {"roles": ["a"]}}), "realm_access.roles", ada(&["a"])),
            (json!({"https://x.org/g": ["a"]}), "https://x.org/g", ada(&["a"])),
        ] {
            let mut claims = claims;
            claims["email"] = json!("ada@x");
            claims["email_verified"] = json!(true);
            assert_eq!(identity_of(&claims, "email", groups), expected, "{claims}");
        }
    }

    #[test]
    fn an_address_that_nobody_verified_is_no_name() {
        for claims in [
            json!({"email": "ada@x"}),
            json!({"email": "ada@x", "email_verified": false}),
            json!({"email": "ada@x", "email_verified": "false"}),
        ] {
            assert!(identity_of(&claims, "email", "groups").unwrap_err().contains("not verified"));
        }
        assert!(identity_of(&json!({"sub": "7"}), "email", "groups").unwrap_err().contains("missing"));
        assert!(identity_of(&json!({"sub": "a\u{1b}"}), "sub", "groups").unwrap_err().contains("no name"));
        assert_eq!(identity_of(&json!({"sub": "7"}), "sub", "groups").unwrap().0, "7");
    }

    #[test]
    fn userinfo_is_of_the_same_person_and_does_not_stand_above_the_token() {
        let map = |value: Value| value.as_object().unwrap().clone();
        let token = map(json!({"sub": "1", "email": "a"}));
        let both = joined(token.clone(), map(json!({"sub": "1", "email": "b", "groups": []}))).unwrap();
        assert_eq!((&both["email"], &both["groups"]), (&json!("a"), &json!([])));
        assert!(joined(token.clone(), map(json!({"sub": "2"}))).is_err());
        assert!(joined(token, map(json!({}))).is_err());
    }
}
