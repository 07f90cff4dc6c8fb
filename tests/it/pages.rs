//! What the pages of docs/ show is what happens: their files are written and their commands run, in
//! order, as they stand.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Runs a line as a shell does; what it prints, on both streams.
fn shell(line: &str, folder: &Path) -> String {
    let bin = Path::new(env!("CARGO_BIN_EXE_tidegate")).parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap();
    let paths: Vec<PathBuf> = std::iter::once(bin).chain(std::env::split_paths(&path)).collect();
    let output = Command::new("bash")
        .args(["-c", &format!("{{ {line}\n}} 2>&1")])
        .env("PATH", std::env::join_paths(paths).unwrap())
        .current_dir(folder)
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// Blocks of code: what stands behind the fence, and their lines.
fn blocks(page: &str) -> Vec<(&str, &str)> {
    let parts = page.split("```").collect::<Vec<_>>();
    let code = parts.iter().skip(1).step_by(2);
    code.filter_map(|block| block.split_once('\n')).collect()
}

/// A block of commands as it would look if it were run now.
fn run(block: &str, folder: &Path) -> String {
    let commands = block.lines().filter_map(|line| line.strip_prefix("$ "));
    commands.map(|line| format!("$ {line}\n{}", shell(line, folder))).collect()
}

/// Goes through a page in a folder; how many commands it has.
fn follow(page: &str, folder: &Path) -> usize {
    let mut commands = 0;
    for (fence, block) in blocks(page) {
        match fence.split_once(' ') {
            Some((_, file)) => {
                let file = folder.join(file);
                std::fs::create_dir_all(file.parent().unwrap()).unwrap();
                std::fs::write(file, block).unwrap();
            }
            None if fence == "console" => {
                assert_eq!(run(block, folder), block);
                commands += block.lines().filter(|line| line.starts_with("$ ")).count();
            }
            None => {}
        }
    }
    commands
}

#[test]
fn the_tutorial_of_rules_works_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(follow(include_str!("../../docs/rules.md"), folder.path()), 10);
}

#[test]
fn the_page_of_imports_works_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(follow(include_str!("../../docs/import.md"), folder.path()), 3);
}

#[test]
fn the_first_takedown_of_the_readme_works_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let (_, page) = include_str!("../../README.md").split_once("## A first takedown").unwrap();
    let blocks = blocks(page);
    let [(_, make), (_, explain), (_, error), ..] = &blocks[..] else { unreachable!("three") };
    // The built program, wherever it is.
    let make: Vec<&str> = make.lines().filter(|line| !line.starts_with("alias ")).collect();
    let made = shell(&make.join("\n"), folder.path());
    assert!(made.contains("first: 1 rule, 2 tests pass"), "{made}");
    assert!(made.contains(r#""action":"remove_post""#), "{made}");
    assert_eq!(&run(explain, folder.path()), explain);
    let rules = folder.path().join("first/rules/goods.yaml");
    let text = std::fs::read_to_string(&rules).unwrap();
    std::fs::write(&rules, text.replace("condition: item", "condition: itm")).unwrap();
    let said = shell("tidegate check first", folder.path());
    assert!(said.starts_with(error), "{said}");
}

#[test]
fn the_page_of_explain_shows_what_is_said() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    assert_eq!(follow(include_str!("../../docs/explain.md"), root), 14);
}
