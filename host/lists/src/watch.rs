//! Reads lists anew when what they come from changes.

use lanner_watch::Why;

use crate::lists::Lists;

/// Watches over lists. Ends when dropped.
pub struct Watch(lanner_watch::Watch);

impl Watch {
    /// Watches these; what is wrong is said to `trouble`, and nothing where all is right again.
    ///
    /// # Errors
    /// There is no thread to be had.
    pub fn start(lists: &Lists, trouble: impl Fn(Option<String>) + Send + 'static) -> std::io::Result<Self> {
        let (of, lists, last) = (lists.clone(), lists.clone(), lists.stamps());
        let read = move |_: Why| {
            let looked = lists.look();
            looked.changed.iter().for_each(|what| tracing::info!("{what}"));
            looked.troubles.iter().for_each(|what| tracing::warn!("{what}"));
            let report = lists.report();
            let mut standing: Vec<&str> = report.iter().filter_map(|list| list.trouble.as_deref()).collect();
            standing.extend(looked.troubles.iter().map(String::as_str));
            standing.sort_unstable();
            standing.dedup();
            trouble((!standing.is_empty()).then(|| standing.join("; ")));
        };
        let watch = lanner_watch::Watch::start("lanner-lists", last, move || of.stamps(), read)?;
        // What was saved since they were read: each source knows as of when it is.
        watch.look();
        Ok(Self(watch))
    }

    /// Looks now.
    pub fn look(&self) {
        self.0.look();
    }
}
