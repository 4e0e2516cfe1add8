/// @file
/// Sets of texts and of networks, prepared once: whether a path is in one of them costs about as much for a hundred texts as for
/// ten. A rule that compares with more than two or three texts should have a set.
///
///     static lanner_set secrets = {
///         .equals = LANNER_STRINGS("/etc/shadow", "/etc/gshadow"),
///         .starts_with = LANNER_STRINGS("/root/.ssh/"),
///         .file_names = LANNER_STRINGS("id_rsa", "id_ed25519"),
///         .globs = LANNER_STRINGS("/home/*/.config/{gcloud,doctl}/**"),
///     };
///
///     if (lanner_set_has(&secrets, lanner_open_path(event))) …
///
/// A set stands outside of functions: what LANNER_STRINGS makes within one is gone when that returns.
///
/// Texts that are known at run time only, such as those of a setting, are added by `lanner_set_add`. Texts are compared as bytes;
/// one that is not known is in no set. The time that a look takes grows with the text and no faster, whatever the text is.
#pragma once

#include "frame.h"

#ifdef __cplusplus
extern "C" {
#endif

struct lanner_added;
struct lanner_prepared;

/// How a text is compared with those of a set.
enum lanner_comparison {
	/// It is the same.
	LANNER_EQUAL,
	/// It begins with it.
	LANNER_BEGINNING,
	/// It ends with it.
	LANNER_ENDING,
	/// It has it somewhere.
	LANNER_PART,
	/// As a path, it is called so, in whatever folder.
	LANNER_FILE_NAME,
	/// It has, as a whole, the form of a glob:
	///
	/// | in the glob | stands for |
	/// | --- | --- |
	/// | `*` | bytes but `/`, or none |
	/// | `**` | bytes, `/` too, or none; `**` and `/` after a `/` or at the beginning stand for any folders, or none |
	/// | `?` | a byte but `/` |
	/// | `[a-z_]`, `[!a-z]` | one of these ASCII characters, or none of these and no `/` |
	/// | `{etc,usr/etc}` | one of these, which may be globs; they do not lie in one another |
	/// | `\*` | the character itself |
	///
	/// A glob stands for 127 characters at the most, `*` not counted, and for 64 globs without `{…}`.
	LANNER_GLOB,
	LANNER_COMPARISONS,
};

/// Texts that other texts are compared with. Each list ends with a NULL, as LANNER_STRINGS makes it; those that are not needed
/// are left out.
typedef struct lanner_set {
	const char *const *equals;
	const char *const *starts_with;
	const char *const *ends_with;
	const char *const *contains;
	const char *const *file_names;
	const char *const *globs;
	/// The SDK's own.
	struct lanner_added *added;
	struct lanner_prepared *prepared;
	unsigned generation;
} lanner_set;

/// Networks in the notation of CIDR, such as `10.0.0.0/8` and `fd00::/8`. IPv4 addresses are a part of the IPv6 ones,
/// `::ffff:0:0/96`: `::/0` has all of both.
typedef struct lanner_networks {
	const char *const *networks;
	/// The SDK's own.
	struct lanner_added *added;
	struct lanner_ranges *prepared;
	unsigned generation;
} lanner_networks;

/// A list of strings that ends with a NULL.
#define LANNER_STRINGS(...) ((const char *const[]){ __VA_ARGS__, NULL })

/// Whether a text is in the set.
bool lanner_set_has(lanner_set *set, lanner_text text);

/// Which of the set's texts it is that a text equals, begins with and so on, as it is written there; of several, one that is cheap
/// to find. Unknown where the text is not in the set.
lanner_text lanner_set_find(lanner_set *set, lanner_text text);

/// Adds a text. Gives NULL, or what is wrong with it: a sentence about a glob that is none.
const char *lanner_set_add(lanner_set *set, enum lanner_comparison comparison, lanner_text text);

/// Takes away what was added.
void lanner_set_clear(lanner_set *set);

/// What is wrong with a glob; NULL where nothing is.
const char *lanner_glob_wrong(lanner_text glob);

/// Whether one of the networks has the address.
bool lanner_networks_have(lanner_networks *networks, lanner_address address);

/// Adds a network. Gives NULL, or what is wrong with it in a sentence.
const char *lanner_networks_add(lanner_networks *networks, lanner_text network);

/// Takes away what was added.
void lanner_networks_clear(lanner_networks *networks);

#ifdef __cplusplus
}
#endif
