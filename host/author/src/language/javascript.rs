//! JavaScript and TypeScript: a script of the SDK, which has `componentize-qjs` make the component.

use super::commands::{Commands, Gives, Step, Tool};
use super::{Build, Distribution, Language};

pub(super) static JAVASCRIPT: Language = Language {
    name: "js",
    title: "JavaScript",
    manifest: "package.json",
    is: |folder| folder.join("package.json").is_file(),
    build: Build::Commands(COMMANDS),
};

/// A project in it has what one in JavaScript has, and more.
pub(super) static TYPESCRIPT: Language = Language {
    name: "ts",
    title: "TypeScript",
    manifest: "package.json with tsconfig.json",
    is: |folder| folder.join("package.json").is_file() && folder.join("tsconfig.json").is_file(),
    build: Build::Commands(COMMANDS),
};

const COMMANDS: Commands = Commands { tools: &[NODE], steps: &[STEP], gives: Gives::Component };

/// What it needs beside that lies in the project (`npm install`), and the script says so where it does not.
const NODE: Tool = Tool {
    name: "Node.js 20 or newer",
    programs: &["node"],
    install: &[
        (Distribution::Debian, "apt-get install nodejs npm"),
        (Distribution::Fedora, "dnf install nodejs npm"),
        (Distribution::Arch, "pacman -S nodejs npm"),
        (Distribution::Alpine, "apk add nodejs npm"),
        (Distribution::Other, "install Node.js 20 or newer, with npm"),
    ],
};

const STEP: Step = Step { program: "node", arguments: &[".lanner/sdk/build.js"], environment: &[] };
