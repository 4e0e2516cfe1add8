//! A real browser that clicks and types: Debian's chromium, driven by its chromedriver (the WebDriver protocol of the W3C).

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{PATIENCE, root};

/// How often it is looked whether something has come.
const LOOK: Duration = Duration::from_millis(50);
/// What an element is called in answers.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with a page. Ended when dropped.
pub struct Browser {
    driver: Child,
    session: String,
    agent: ureq::Agent,
    _profile: TempDir,
}

/// Finds serious faults of a page for those that cannot see or point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The rule of axe-core.
    pub rule: String,
    /// How bad it is.
    pub impact: String,
    /// Where.
    pub places: String,
}

impl Browser {
    /// Starts one.
    ///
    /// # Panics
    /// There is none.
    pub fn start() -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver runs: `apt-get install chromium-driver`");
        let mut lines = BufReader::new(driver.stdout.take().expect("its stdout")).lines();
        let port = loop {
            let line = lines.next().expect("it says its port").expect("UTF-8");
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        thread::spawn(move || lines.for_each(drop));
        let config = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(PATIENCE));
        let profile = tempfile::tempdir().expect("a folder");
        let mut browser = Self {
            driver,
            session: format!("http://127.0.0.1:{port}"),
            agent: config.build().into(),
            _profile: profile,
        };
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            "--ignore-certificate-errors",
            &format!("--user-data-dir={}", browser._profile.path().display()),
        ]
        .map(str::to_owned);
        let options = json!({"capabilities": {"alwaysMatch": {"goog:chromeOptions": {"args": arguments}}}});
        let session = browser.post("/session", &options);
        let id = session["sessionId"].as_str().expect("a session").to_owned();
        browser.session.push_str(&format!("/session/{id}"));
        browser.resize(1400, 900);
        browser
    }

    fn try_post(&self, path: &str, body: &Value) -> Result<Value, Value> {
        let url = format!("{}{path}", self.session);
        let answer = self.agent.post(url).header("content-type", "application/json").send(body.to_string());
        let mut answer = answer.expect("chromedriver answers");
        let text = answer.body_mut().with_config().limit(64 << 20).read_to_string().expect("an answer");
        let value = serde_json::from_str::<Value>(&text).expect("JSON")["value"].take();
        if answer.status().is_success() { Ok(value) } else { Err(value) }
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        self.try_post(path, body).unwrap_or_else(|error| panic!("{path} {body}: {error}"))
    }

    fn devtools(&self, command: &str, parameters: &Value) -> Value {
        self.post("/goog/cdp/execute", &json!({"cmd": command, "params": parameters}))
    }

    /// Opens a page.
    pub fn open(&self, url: &str) {
        self.post("/url", &json!({"url": url}));
    }

    /// Says what a script in the page returns.
    pub fn run(&self, script: &str) -> Value {
        self.post("/execute/sync", &json!({"script": script, "args": []}))
    }

    /// Waits until a script in the page says that it is so.
    ///
    /// # Panics
    /// It never is.
    pub fn wait(&self, what: &str, script: &str) {
        let end = Instant::now() + PATIENCE;
        // While one page makes way for another there is none to ask.
        while self.try_post("/execute/sync", &json!({"script": script, "args": []})) != Ok(true.into()) {
            assert!(Instant::now() < end, "waited in vain for {what}: {}", self.text());
            thread::sleep(LOOK);
        }
    }

    /// Waits until these words stand in the page.
    pub fn wait_for(&self, words: &str) {
        self.wait(words, &format!("return document.body.innerText.includes({})", json!(words)));
    }

    /// What can be read in the page.
    pub fn text(&self) -> String {
        self.run("return document.body.innerText").as_str().unwrap_or_default().to_owned()
    }

    fn element(&self, selector: &str) -> String {
        let found = self.post("/element", &json!({"using": "css selector", "value": selector}));
        found[ELEMENT].as_str().expect("an element").to_owned()
    }

    /// Clicks on the first element that this selects.
    pub fn click(&self, selector: &str) {
        self.post(&format!("/element/{}/click", self.element(selector)), &json!({}));
    }

    /// Types into it, in place of what is there.
    pub fn type_into(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.post(&format!("/element/{element}/clear"), &json!({}));
        self.post(&format!("/element/{element}/value"), &json!({"text": text}));
    }

    /// Presses keys, one after the other, wherever one is.
    pub fn press(&self, keys: &str) {
        let both = |key: char| ["keyDown", "keyUp"].map(|kind| json!({"type": kind, "value": key.to_string()}));
        let keys: Vec<Value> = keys.chars().flat_map(both).collect();
        self.post("/actions", &json!({"actions": [{"type": "key", "id": "keys", "actions": keys}]}));
    }

    /// Makes the page so large.
    pub fn resize(&self, width: u32, height: u32) {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", &size);
    }

    /// Has it be dark, or light.
    pub fn make_dark(&self, dark: bool) {
        let scheme = if dark { "dark" } else { "light" };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.devtools("Emulation.setEmulatedMedia", &media);
    }

    /// Whether one has to scroll sideways to see all of it.
    pub fn is_too_wide(&self) -> bool {
        self.run("return document.documentElement.scrollWidth > document.documentElement.clientWidth") == true
    }

    /// Serious faults of the page, as axe-core finds them. The page lets no script of others in, so that it comes by the
    /// debugger.
    ///
    /// # Panics
    /// axe-core is not there.
    pub fn faults(&self) -> Vec<Fault> {
        let path = root().join("target/node_modules/axe-core/axe.min.js");
        let axe = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}; `xtask/setup.sh test` installs it", path.display()));
        self.devtools("Runtime.evaluate", &json!({"expression": axe}));
        let run = "axe.run({resultTypes: ['violations']}).then(result => JSON.stringify(result.violations))";
        let run = json!({"expression": run, "awaitPromise": true, "returnByValue": true});
        let answer = self.devtools("Runtime.evaluate", &run);
        let text = answer["result"]["value"].as_str().unwrap_or_else(|| panic!("axe-core fails: {answer}"));
        let violations: Vec<Value> = serde_json::from_str(text).expect("JSON");
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let faults = violations.iter().map(|violation| Fault {
            rule: text(&violation["id"]),
            impact: text(&violation["impact"]),
            places: violation["nodes"]
                .as_array()
                .into_iter()
                .flatten()
                .take(5)
                .map(|node| node["html"].to_string())
                .collect(),
        });
        faults.filter(|fault| ["serious", "critical"].contains(&fault.impact.as_str())).collect()
    }

    /// Takes a picture of the whole page (PNG).
    pub fn picture(&self, path: &Path) {
        let size = self.run(
            "return [document.documentElement.clientWidth, Math.min(document.documentElement.scrollHeight, 4000)]",
        );
        let clip = json!({"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1});
        let shot = self.devtools("Page.captureScreenshot", &json!({"captureBeyondViewport": true, "clip": clip}));
        let bytes = BASE64.decode(shot["data"].as_str().expect("a picture")).expect("base64");
        std::fs::write(path, bytes).expect("written");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.agent.delete(&self.session).call();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
