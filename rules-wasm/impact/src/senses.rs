//! Keys, screen, clipboard, microphone and camera.

use common::command::{Command, called, line, one_liner};
use common::peers::find;
use common::programs::{is_installed, label};
use lanner_sdk::prelude::*;

use crate::{Impact, LIKELY};

const SCREEN_TOOLS: [&str; 22] = [
    "deepin-screenshot",
    "fbcat",
    "fbgrab",
    "ffmpeg",
    "flameshot",
    "gnome-screenshot",
    "grim",
    "import",
    "import-im6",
    "import-im6.q16",
    "import-im7.q16",
    "ksnip",
    "maim",
    "magick",
    "recordmydesktop",
    "scrot",
    "shutter",
    "spectacle",
    "vlc",
    "wf-recorder",
    "xfce4-screenshooter",
    "xwd",
];
const CLIPBOARD_TOOLS: [&str; 8] = ["clipman", "copyq", "qdbus", "wl-copy", "wl-paste", "xclip", "xsel", "xclipboard"];
const SOUND_TOOLS: [&str; 9] =
    ["arecord", "ffmpeg", "parec", "parecord", "pw-record", "rec", "sox", "gst-launch-1.0", "pacat"];
const CAMERA_TOOLS: [&str; 8] =
    ["cheese", "ffmpeg", "fswebcam", "mplayer", "streamer", "v4l2-ctl", "gst-launch-1.0", "uvccapture"];
/// What plays and records sound for others.
static SOUND: TextSet = TextSet::new().equals(&[
    "alsactl",
    "firefox",
    "jackd",
    "pipewire",
    "pipewire-media-session",
    "pulseaudio",
    "systemd-logind",
    "udevadm",
    "udevd",
    "systemd-udevd",
    "wireplumber",
    "alsa-state",
    "speech-dispatcher",
]);
/// What shows pictures of a camera because somebody looks at them.
static CAMERA: TextSet = TextSet::new().equals(&[
    "cheese",
    "chrome",
    "chromium",
    "firefox",
    "firefox-esr",
    "pipewire",
    "snapshot",
    "systemd-udevd",
    "udevadm",
    "udevd",
    "v4l_id",
    "wireplumber",
    "zoom",
    "systemd-logind",
]);

pub(crate) fn add(r: &mut Rules<Impact>) {
    r.rule("collection/screen-capture")
        .summary("A picture of the screen was taken")
        .severity(Medium)
        .attack("T1113")
        .property("maturity", "incubating")
        .property("misses", "programs that ask the display server by themselves")
        .only(called(&SCREEN_TOOLS))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let says = |words: &[&str]| args.iter().any(|arg| arg.one_of(words));
            let takes = match () {
                () if name == "ffmpeg" => says(&["x11grab", "kmsgrab", "fbdev"]),
                () if name == "vlc" => args.iter().any(|arg| arg.starts_with("screen://")),
                () if name.starts_with("import") || name == "magick" => says(&["-window", "root", "x:"]),
                () => name.one_of(&SCREEN_TOOLS) && !says(&["--version", "--help", "-h"]),
            };
            if takes {
                let finding = out.finding(format!("{} takes a picture of the screen", line(&image)));
                if image.tty().is_some() {
                    finding.severity(Low);
                }
            }
        })
        .unfiltered()
        .only(open::file().starts_with(["/dev/fb", "/dev/vcs"]))
        .on_open(|_, e, out| {
            let process = e.process();
            static CONSOLES: TextSet = TextSet::new().equals(&[
                "Xorg",
                "plymouthd",
                "brltty",
                "kmscon",
                "gpm",
                "setfont",
                "loadkeys",
                "systemd-udevd",
            ]);
            if e.is_read() && !e.failed() && !is_installed(&process, &CONSOLES) {
                out.finding(format!("{} read the screen by {}", label(&process), e.path()));
            }
        });

    r.rule("collection/screen-one-liner")
        .summary("An interpreter was given a program on its command line that takes pictures of the screen, the clipboard or the keys")
        .severity(Medium)
        .attack("T1113")
        .attack("T1115")
        .attack("T1056.001")
        .property("maturity", "incubating")
        .property("misses", "programs in files")
        .only(exec::image::exe().matches(&LIKELY))
        .on_exec(|_, e, out| {
            static PARTS: [&[u8]; 9] = [
                b"ImageGrab", b"pyautogui", b"pyscreenshot", b"mss.mss", b"pynput", b"evdev", b"pyperclip", b"import mss", b"/dev/input/",
            ];
            let image = e.image();
            let Some(program) = one_liner(&image) else { return };
            if PARTS.iter().any(|part| find(program.as_bytes(), part).is_some()) {
                out.finding(format!("{} looks at what its user does", line(&image)));
            }
        });

    r.rule("collection/clipboard")
        .summary("The clipboard was read or written by a script")
        .severity(Medium)
        .attack("T1115")
        .property("maturity", "incubating")
        .property("misses", "programs that ask the display server by themselves")
        .only(called(&CLIPBOARD_TOOLS))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let is_asked = name != "qdbus" || args.iter().any(|arg| arg.contains("lipboard"));
            if is_asked && name.one_of(&CLIPBOARD_TOOLS) {
                let finding = out.finding(format!("{} uses the clipboard", line(&image)));
                // Editors and people do, at a terminal.
                if image.tty().is_some() {
                    finding.severity(Low);
                }
            }
        });

    add_sound_and_camera(r);
}

fn add_sound_and_camera(r: &mut Rules<Impact>) {
    r.rule("collection/microphone")
        .summary("Sound was recorded by a program that does not do so for others")
        .severity(Medium)
        .attack("T1123")
        .property("maturity", "incubating")
        .property("misses", "programs that record through the sound server by themselves")
        .only(called(&SOUND_TOOLS))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let says = |words: &[&str]| args.iter().any(|arg| arg.one_of(words));
            let records = match () {
                () if name == "ffmpeg" => says(&["alsa", "pulse", "oss", "jack"]) && says(&["-f", "-i"]),
                () if name == "sox" => says(&["-d", "-t"]) && args.first().is_some_and(|arg| arg.one_of(&["-d", "-t"])),
                () if name == "pacat" => says(&["-r", "--record"]),
                () if name.starts_with("gst-") => says(&["alsasrc", "pulsesrc", "autoaudiosrc"]),
                () => name.one_of(&SOUND_TOOLS) && !says(&["-l", "-L", "--help", "--version", "--list-devices"]),
            };
            if records {
                out.finding(format!("{} records sound", line(&image)));
            }
        })
        .unfiltered()
        .only(open::file().starts_with(["/dev/snd/pcm", "/dev/dsp", "/dev/audio"]))
        .on_open(|_, e, out| {
            let process = e.process();
            // `c` at the end is a device to capture from.
            let captures =
                e.path().ends_with("c") || e.path().starts_with("/dev/dsp") || e.path().starts_with("/dev/audio");
            if captures && e.is_read() && !e.failed() && !is_installed(&process, &SOUND) {
                out.finding(format!("{} opened {}", label(&process), e.path()));
            }
        });

    r.rule("collection/camera")
        .summary("Pictures were taken by a camera by a program that is none for it")
        .severity(Medium)
        .attack("T1125")
        .property("maturity", "incubating")
        .property("misses", "cameras on the network")
        .only(called(&CAMERA_TOOLS))
        .on_exec(|_, e, out| {
            let image = e.image();
            let (name, args) = Command::of(&image).parts();
            let says = |part: &str| args.iter().any(|arg| arg.contains(part));
            let takes = match () {
                () if name == "ffmpeg" => says("v4l2") || says("video4linux") || says("/dev/video"),
                () if name == "v4l2-ctl" => says("--stream"),
                () if name == "mplayer" => says("tv://"),
                () if name.starts_with("gst-") => says("v4l2src"),
                () => name.one_of(&CAMERA_TOOLS) && !says("--help") && !says("--version"),
            };
            if takes {
                out.finding(format!("{} takes pictures by a camera", line(&image)));
            }
        })
        .unfiltered()
        .only(open::file().starts_with(["/dev/video"]))
        .on_open(|_, e, out| {
            let process = e.process();
            if e.is_read() && !e.failed() && !is_installed(&process, &CAMERA) {
                out.finding(format!("{} opened {}", label(&process), e.path()));
            }
        });
}
