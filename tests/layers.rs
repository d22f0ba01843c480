//! The table of layers, enforced: every source file of the core is read for the paths it names, and what the core must never
//! do (files, network, clocks, threads, unordered maps) is refused by name. Comments, texts and `#[cfg(test)]` items do not count.

use std::collections::BTreeMap;
use std::path::Path;

/// The layer of each room. A room imports from lower layers, from itself, and, in the layers 0 and 1, from its own layer.
const LAYERS: &[(u8, &[&str])] = &[
    (0, &["rounding", "time", "replicas", "error", "text"]),
    (1, &["metric", "snapshot", "reason", "decision", "stage", "state"]),
    (2, &["window", "tolerance", "panic_mode", "stats", "behavior"]),
    (3, &["forecast", "schedule", "cost", "gpu", "exposition"]),
    (4, &["algorithm", "learn", "dqn"]),
    (5, &["restrain"]),
    (6, &["autoscaler"]),
    (7, &["manifest"]),
    (8, &["fleet"]),
    (9, &["simulate"]),
];

/// Rooms that may import less than their layer would allow: the highest layer they may reach.
const LOWERED: &[(&str, u8)] = &[("restrain", 3), ("fleet", 1)];

/// Modules of the standard library that the core stays out of.
const OUTSIDE: &[&str] = &["fs", "net", "env", "process", "thread"];

/// Names that do not occur in the core at all.
const NEVER: &[&str] = &[
    "Instant",
    "SystemTime",
    "HashMap",
    "HashSet",
    "unsafe",
    "println",
    "eprintln",
    "print",
    "eprint",
    "dbg",
];

fn layer_of(room: &str) -> Option<u8> {
    LAYERS.iter().find(|(_, rooms)| rooms.contains(&room)).map(|(layer, _)| *layer)
}

/// A word, `::`, a text in its quotes, or one other character. Comments, raw texts, characters and lifetimes are gone.
type Token = String;

fn tokens(source: &str) -> Vec<Token> {
    let chars: Vec<char> = source.chars().collect();
    let mut out: Vec<Token> = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let c = chars[i];
        let next = chars.get(i + 1).copied().unwrap_or(' ');
        if c == '/' && next == '/' {
            while i < chars.len() && chars[i] != '\n' {
                i += 1;
            }
        } else if c == '/' && next == '*' {
            let mut depth = 0;
            while i < chars.len() {
                match (chars[i], chars.get(i + 1)) {
                    ('/', Some('*')) => (depth, i) = (depth + 1, i + 2),
                    ('*', Some('/')) => (depth, i) = (depth - 1, i + 2),
                    _ => i += 1,
                }
                if depth == 0 {
                    break;
                }
            }
        } else if c == '"' {
            let end = after_text(&chars, i).min(chars.len());
            out.push(chars[i..end].iter().collect());
            i = end;
        } else if c == 'r' && (next == '"' || next == '#') && raw_text(&chars, i + 1).is_some() {
            i = raw_text(&chars, i + 1).unwrap_or(i + 1);
        } else if c == '\'' {
            let is_char = next == '\\' || chars.get(i + 2) == Some(&'\'');
            i += 1;
            if is_char {
                while chars.get(i).is_some_and(|c| *c != '\'') {
                    i += if chars[i] == '\\' { 2 } else { 1 };
                }
                i += 1;
            } else {
                while chars.get(i).is_some_and(|c| c.is_alphanumeric() || *c == '_') {
                    i += 1;
                }
            }
        } else if c.is_alphanumeric() || c == '_' {
            let start = i;
            while chars.get(i).is_some_and(|c| c.is_alphanumeric() || *c == '_') {
                i += 1;
            }
            out.push(chars[start..i].iter().collect());
        } else if c == ':' && next == ':' {
            out.push("::".to_owned());
            i += 2;
        } else {
            if !c.is_whitespace() {
                out.push(c.to_string());
            }
            i += 1;
        }
    }
    out
}

fn after_text(chars: &[char], start: usize) -> usize {
    let mut i = start + 1;
    while chars.get(i).is_some_and(|c| *c != '"') {
        i += if chars[i] == '\\' { 2 } else { 1 };
    }
    i + 1
}

/// Where the raw text whose hashes or quote stand at `start` ends; `None` if there is none, as in `r#type`.
fn raw_text(chars: &[char], start: usize) -> Option<usize> {
    let hashes = chars[start..].iter().take_while(|c| **c == '#').count();
    (chars.get(start + hashes) == Some(&'"')).then_some(())?;
    let mut i = start + hashes + 1;
    while i < chars.len() {
        if chars[i] == '"' && chars[i + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes {
            return Some(i + 1 + hashes);
        }
        i += 1;
    }
    Some(i)
}

/// The tokens without the items that are only compiled for tests, and the names of the file modules among those.
fn without_tests(tokens: &[Token]) -> (Vec<Token>, Vec<String>) {
    const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];
    let (mut kept, mut files) = (Vec::new(), Vec::new());
    let mut i = 0;
    while i < tokens.len() {
        if !tokens[i..].iter().map(String::as_str).take(MARK.len()).eq(MARK) {
            kept.push(tokens[i].clone());
            i += 1;
            continue;
        }
        i += MARK.len();
        let start = i;
        let mut depth = 0;
        while i < tokens.len() {
            match tokens[i].as_str() {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => depth -= 1,
                _ => {}
            }
            i += 1;
            if depth == 0 && (tokens[i - 1] == "}" || tokens[i - 1] == ";") {
                break;
            }
        }
        files.extend(test_file(&tokens[start..i]));
    }
    (kept, files)
}

/// The stem of the file of a test module that stands in a file of its own.
fn test_file(item: &[Token]) -> Option<String> {
    let [.., keyword, name, end] = item else { return None };
    if (keyword.as_str(), end.as_str()) != ("mod", ";") {
        return None;
    }
    let named = item.windows(3).find(|w| w[0] == "path" && w[1] == "=").map(|w| w[2].trim_matches('"'));
    Some(named.map_or_else(|| name.clone(), |file| file.trim_end_matches(".rs").to_owned()))
}

/// Every path with more than one segment, groups written out, with the inline modules it stands in.
fn paths(tokens: &[Token]) -> Vec<(usize, Vec<String>)> {
    let mut out = Vec::new();
    let mut modules: Vec<bool> = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        let inside = modules.iter().filter(|is_module| **is_module).count();
        match tokens[i].as_str() {
            "{" => modules.push(i >= 2 && tokens[i - 2] == "mod"),
            "}" => drop(modules.pop()),
            word if is_word(word) && (i == 0 || tokens[i - 1] != "::") => {
                let mut found = Vec::new();
                i = path(tokens, i, &mut Vec::new(), &mut found);
                out.extend(found.into_iter().filter(|p| p.len() > 1).map(|p| (inside, p)));
                continue;
            }
            _ => {}
        }
        i += 1;
    }
    out
}

fn is_word(token: &str) -> bool {
    token.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// Reads one path, which may end in a group, from `i`; answers where it ends.
fn path(tokens: &[Token], mut i: usize, prefix: &mut Vec<String>, out: &mut Vec<Vec<String>>) -> usize {
    let depth = prefix.len();
    loop {
        match tokens.get(i).map(String::as_str) {
            Some("self") if !prefix.is_empty() => {}
            Some(word) if is_word(word) => prefix.push(word.to_owned()),
            Some("*") if prefix.len() > depth || depth > 0 => prefix.push("*".to_owned()),
            Some("{") if !prefix.is_empty() => {
                i += 1;
                while tokens.get(i).is_some_and(|t| t != "}") {
                    i = path(tokens, i, prefix, out);
                    if tokens.get(i).is_some_and(|t| t == "as") {
                        i += 2;
                    }
                    if tokens.get(i).is_some_and(|t| t == ",") {
                        i += 1;
                    }
                }
                prefix.truncate(depth);
                return i + 1;
            }
            _ => {}
        }
        i += 1;
        if tokens.get(i).is_some_and(|t| t == "::")
            && tokens.get(i + 1).is_some_and(|t| is_word(t) || t == "{" || t == "*")
        {
            i += 1;
            continue;
        }
        out.push(prefix.clone());
        prefix.truncate(depth);
        return i;
    }
}

/// Names that `lib.rs` re-exports, with the path that each stands for.
fn reexports(lib: &str) -> BTreeMap<String, Vec<String>> {
    let tokens = tokens(lib);
    let mut out = BTreeMap::new();
    for i in 0..tokens.len() {
        if tokens[i] == "use" {
            let mut found = Vec::new();
            path(&tokens, i + 1, &mut Vec::new(), &mut found);
            out.extend(found.into_iter().filter_map(|p| Some((p.last()?.clone(), p))));
        }
    }
    out
}

/// What is wrong with the file that is the module `module` (empty for `lib.rs`).
fn faults(module: &[&str], source: &str, root: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let (tokens, _) = without_tests(&tokens(source));
    let mut out = Vec::new();
    for token in &tokens {
        if NEVER.contains(&token.as_str()) {
            out.push(format!("`{token}` has no place in the core"));
        }
    }
    let own = module.first().copied();
    if let Some(room) = own.filter(|room| layer_of(room).is_none()) {
        out.push(format!("`{room}` is in no layer"));
    }
    for (inside, path) in paths(&tokens) {
        if ["std", "core"].contains(&path[0].as_str()) && OUTSIDE.contains(&path[1].as_str()) {
            out.push(format!("`{}` reaches outside", path.join("::")));
        }
        let Some(target) = resolve(module, inside, &path) else { continue };
        let Some(own) = own else { continue };
        let target = match root.get(target.first().map_or("", String::as_str)) {
            Some(behind) if layer_of(&target[0]).is_none() => behind.clone(),
            _ => target,
        };
        let Some(room) = target.first() else { continue };
        let (Some(from), Some(to)) = (layer_of(own), layer_of(room)) else {
            out.push(format!("`{}` leads to `{room}`, which is in no layer", path.join("::")));
            continue;
        };
        let highest = LOWERED.iter().find(|(name, _)| *name == own).map(|(_, highest)| *highest);
        let allowed = if room == own {
            own != "algorithm" || module.len() < 2 || target.get(1).is_none_or(|wing| wing == module[1])
        } else {
            to < from && highest.is_none_or(|highest| to <= highest) || to == from && from <= 1
        };
        if !allowed {
            let wing =
                if room == own { "another algorithm".to_owned() } else { format!("`{room}` of layer {to}") };
            out.push(format!("`{}` is {wing}, seen from `{own}` of layer {from}", path.join("::")));
        }
    }
    out
}

/// The module path behind a path that begins with `crate`, `super` or `self`; `None` for others.
fn resolve(module: &[&str], inside: usize, path: &[String]) -> Option<Vec<String>> {
    let mut at: Vec<String> = module.iter().map(|&m| m.to_owned()).collect();
    at.extend((0..inside).map(|_| "(inline)".to_owned()));
    let mut rest = path;
    match rest.first()?.as_str() {
        "crate" => {
            at.clear();
            rest = &rest[1..];
        }
        "self" => rest = &rest[1..],
        "super" => {}
        _ => return None,
    }
    while rest.first().is_some_and(|word| word == "super") {
        at.pop();
        rest = &rest[1..];
    }
    at.extend(rest.iter().cloned());
    Some(at)
}

fn sources(folder: &Path, module: &[String], out: &mut Vec<(Vec<String>, String)>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .unwrap_or_else(|e| panic!("{}: {e}", folder.display()))
        .map(|entry| entry.expect("the folder can be listed").path())
        .collect();
    entries.sort();
    let mut tests = Vec::new();
    let mut here = Vec::new();
    for path in entries {
        let stem = path.file_stem().expect("every entry has a name").to_string_lossy().into_owned();
        let mut inner = module.to_vec();
        if path.is_dir() {
            inner.push(stem);
            sources(&path, &inner, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            let source = std::fs::read_to_string(&path).expect("sources are text");
            tests.extend(without_tests(&tokens(&source)).1);
            if stem != "mod" && stem != "lib" {
                inner.push(stem);
            }
            here.push((inner, source));
        }
    }
    here.retain(|(inner, _)| inner.len() == module.len() || !inner.last().is_some_and(|m| tests.contains(m)));
    out.append(&mut here);
}

#[test]
fn every_file_of_the_core_keeps_to_its_layer() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/setpoint/src");
    let mut files = Vec::new();
    sources(&folder, &[], &mut files);
    assert!(files.len() > 20, "only {} files found", files.len());
    let root = files.iter().find(|(module, _)| module.is_empty()).map(|(_, lib)| reexports(lib));
    let root = root.expect("lib.rs is among the files");
    assert_eq!(root["Snapshot"][0], "snapshot");
    let mut wrong = Vec::new();
    for (module, source) in &files {
        let module: Vec<&str> = module.iter().map(String::as_str).collect();
        wrong.extend(
            faults(&module, source, &root).into_iter().map(|f| format!("{}: {f}", module.join("::"))),
        );
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[cfg(test)]
mod the_check_itself {
    use super::*;

    fn check(module: &[&str], source: &str) -> Vec<String> {
        let root = reexports(
            "pub mod snapshot; pub use snapshot::{Column, Snapshot}; pub use algorithm::hpa; pub use autoscaler::Autoscaler;",
        );
        faults(module, source, &root)
    }

    #[test]
    fn imports_upwards_are_reported() {
        for (module, source) in [
            (&["rounding"][..], "use crate::snapshot::Snapshot;"),
            (&["window", "sliding"], "use crate::{time::Timestamp, algorithm::hpa};"),
            (&["window", "sliding"], "fn f() { super::super::restrain::Cooldown::new(); }"),
            (&["window"], "use crate::forecast::naive;"),
            (&["forecast", "ets"], "use crate::schedule::Cron;"),
            (&["metric"], "fn f() -> crate::Autoscaler { loop {} }"),
            (&["restrain", "rate"], "use crate::algorithm::hpa::Config;"),
            (&["restrain", "rate"], "use crate::{hpa};"),
            (&["algorithm", "hpa"], "use super::kpa::Config;"),
            (&["algorithm", "hpa", "mod"], "use crate::algorithm::{fixed::Fixed};"),
            (&["algorithm", "hpa"], "mod inner { use super::super::kpa::Config; }"),
            (&["learn"], "use crate::dqn::Agent;"),
            (&["fleet", "victim"], "use crate::window::Sliding;"),
            (&["autoscaler"], "use crate::simulate::Trace;"),
            (&["autoscaler"], "use crate::{self as all, manifest::*};"),
            (&["attic"], "fn f() {}"),
            (&["autoscaler"], "use crate::attic::Thing;"),
        ] {
            assert_eq!(check(module, source).len(), 1, "{module:?}: {source}: {:?}", check(module, source));
        }
    }

    #[test]
    fn imports_downwards_and_inside_a_room_pass() {
        for (module, source) in [
            (&["replicas"][..], "use crate::error::ConfigError; use crate::rounding::MAX_COUNT;"),
            (&["stage"], "use crate::reason::{Failure, Reasons}; use crate::{Snapshot, state::StateReader};"),
            (&["algorithm", "hpa", "config"], "use super::behavior; use crate::algorithm::hpa::Rule;"),
            (&["algorithm", "hpa"], "use super::super::window::Sliding; mod inner { use super::Config; }"),
            (&["restrain", "rate"], "use crate::schedule::Cron; use super::cooldown::Cooldown;"),
            (&["fleet"], "use crate::decision::Decision;"),
            (&["simulate"], "use crate::{fleet::Server, Autoscaler, hpa};"),
            (
                &["rounding"],
                "// use crate::snapshot::Snapshot;\n/* crate::hpa::x /* nested */ */ /// [`crate::hpa::x`]\n",
            ),
            (
                &["rounding"],
                r##"const T: &str = "crate::hpa::x"; const R: &str = r#"crate::"hpa::x"#; const C: char = '"';"##,
            ),
            (&["rounding"], "#[cfg(test)]\nmod tests { use crate::hpa::x; use std::fs; }"),
            (&["rounding"], "#[cfg(test)] #[allow(dead_code)] use crate::hpa::x; fn f<'a>(x: &'a str) {}"),
        ] {
            assert_eq!(check(module, source), Vec::<String>::new(), "{module:?}: {source}");
        }
    }

    #[test]
    fn what_follows_a_test_module_still_counts() {
        let source = "#[cfg(test)] mod tests { fn f() { if true { } } } use crate::hpa::Config;";
        assert_eq!(check(&["rounding"], source).len(), 1);
        assert_eq!(check(&["rounding"], "const Q: char = '\\''; use crate::hpa::Config;").len(), 1);
        assert_eq!(check(&["rounding"], r#"const T: &str = "a \" b"; use crate::hpa::Config;"#).len(), 1);
    }

    #[test]
    fn what_the_core_must_never_do_is_reported() {
        for source in [
            "use std::fs;",
            "use std::{env, fmt};",
            "fn f() { std::process::exit(1) }",
            "use std::net::{IpAddr};",
            "fn f() { std::thread::spawn(|| ()); }",
            "use std::time::Instant;",
            "fn f() { let t = SystemTime::now(); }",
            "fn f() { println!(\"x\"); }",
            "use std::collections::{BTreeMap, HashMap};",
            "fn f() { unsafe { } }",
        ] {
            assert_eq!(check(&["window"], source).len(), 1, "{source}: {:?}", check(&["window"], source));
            assert_eq!(check(&[], source).len(), 1, "in lib.rs: {source}");
        }
        let harmless =
            "use std::sync::Arc; struct Instants; fn f(env: u8, thread: u8) -> u8 { env + thread }";
        assert_eq!(check(&["window"], harmless), Vec::<String>::new());
    }

    #[test]
    fn test_modules_in_files_of_their_own_are_known() {
        let source = "#[cfg(test)]\nmod tests;\n#[cfg(test)] mod more_tests;\nmod real;";
        assert_eq!(without_tests(&tokens(source)).1, ["tests", "more_tests"]);
        let source = "#[cfg(test)]\n#[path = \"step_tests.rs\"]\nmod tests;";
        assert_eq!(without_tests(&tokens(source)).1, ["step_tests"]);
    }
}
