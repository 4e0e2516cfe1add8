//! The page that asks who it is.

use maud::{Markup, html};

use super::layout::{Here, form_field, page as whole};
use crate::caller::Caller;
use crate::desk::Desk;

/// It leads to `back`; `refused` says why it did not.
pub(crate) fn page(desk: &Desk, caller: &Caller, back: &str, refused: Option<&str>) -> Markup {
    let content = html! {
        div.sign-in {
            h1 { "Sign in" }
            @if let Some(refused) = refused { p.notice.bad role="alert" { (refused) } }
            form method="post" action="/login" {
                (form_field(caller))
                input type="hidden" name="back" value=(back);
                label { span { "Name" } input name="name" autocomplete="username" autocapitalize="off" spellcheck="false" required autofocus; }
                label { span { "Password" } input type="password" name="password" autocomplete="current-password" required; }
                button.primary type="submit" { "Sign in" }
            }
        }
    };
    whole(desk, caller, Here::Elsewhere, "Sign in", &content)
}
