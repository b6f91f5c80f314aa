//! The pages of the rules are held to what they say: each shows a file that breaks its rule and no other, and one that breaks
//! none.

use crate::lint::{Code, fix, lint};

/// The blocks of JSON in a page.
fn examples(page: &str) -> Vec<&str> {
    let blocks = page.split("```json\n").skip(1);
    blocks.filter_map(|block| block.split_once("\n```")).map(|(example, _)| example).collect()
}

#[test]
fn every_rule_has_a_page_that_shows_it() {
    for code in Code::ALL {
        let page = code.documentation();
        assert_eq!(page.lines().next(), Some(format!("# {code}").as_str()));
        let severity = format!("{:?}", code.severity());
        assert!(page.contains(&format!("*{severity}.*")), "{code}");
        let [bad, good] = examples(page)[..] else { panic!("{code}: two examples are wanted") };
        let found = lint(bad, None).findings;
        let codes: Vec<Code> = found.iter().map(|finding| finding.code).collect();
        assert_eq!(codes, [*code], "{found:#?}");
        assert_eq!(lint(good, None).findings, [], "{code}");
        let says_fixed = !page.contains("`--fix` does not mend it.");
        assert_eq!(found[0].fix.is_some() || *code == Code::NoLanguage, says_fixed, "{code}");
        if found[0].fix.is_some() {
            assert_eq!(fix(bad, None), (good.to_owned(), lint(good, None)), "{code}");
        }
    }
}

#[test]
fn the_list_of_pages_is_complete() {
    let list = include_str!("../../../docs/lint/README.md");
    let linked: Vec<&str> =
        list.lines().filter_map(|line| Some(line.strip_prefix("| [")?.split_once("](")?.0)).collect();
    let names: Vec<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    assert_eq!(linked, names);
    for code in Code::ALL {
        assert_eq!(Code::from_name(code.name()), Some(*code));
    }
    assert_eq!(Code::from_name("none"), None);
}
