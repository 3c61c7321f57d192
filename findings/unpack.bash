# SPDX-License-Identifier: GPL-3.0-or-later
# Sourced by the scripts beside it.  All is done in $here, a folder that goes away at the end.
set -euo pipefail
here=$(mktemp -d)
trap 'rm -rf "$here"' EXIT

# unpack SUITE PACKAGE=VERSION... - Debian's packages and all that they need, from the mirror that
# this machine's apt uses for Debian, into $root; nothing is installed.
unpack() {
    local apt=$here/apt key=/usr/share/keyrings/debian-archive-keyring.gpg mirror package
    root=$here/$1
    mirror=$(apt-get indextargets --format '$(REPO_URI)' | sed -n '/\/debian\/$/{p;q}')
    mkdir -p "$root" "$apt"/lists/partial "$apt"/cache/archives/partial
    : >"$apt/status"
    echo "deb [signed-by=$key] $mirror $1 main" >"$apt/sources"
    cat >"$apt/conf" <<END
Dir { Etc { SourceList "$apt/sources"; SourceParts "/dev/null"; Preferences "/dev/null";
            PreferencesParts "/dev/null"; };
      State "$apt"; State::status "$apt/status"; Cache "$apt/cache"; };
APT { Architecture "amd64"; Architectures { "amd64"; }; Install-Recommends "false";
      Sandbox::User "root"; };
Acquire::Languages "none";
END
    APT_CONFIG=$apt/conf apt-get -qq update
    APT_CONFIG=$apt/conf apt-get -qq -y --download-only install "${@:2}" >/dev/null
    for package in "$apt"/cache/archives/*.deb; do
        dpkg-deb -x "$package" "$root"
    done
    rm -rf "$apt"
    loader=$(find "$root" -name ld-linux-x86-64.so.2 -type f)
    libraries=$(find "$root" -name '*.so*' -path '*/lib*' -printf '%h\n' | sort -u | paste -sd :)
}

# inside PROGRAM ARGUMENT... - a program of $root, or built for it, with the libraries of $root.
inside() {
    "$loader" --library-path "$libraries" "$@"
}

# as_before <<'END' - shows $here/seen, which is an error if it is anything else than stdin.
as_before() {
    cat "$here/seen"
    diff - "$here/seen" >"$here/change" || {
        echo "This has changed (<: seen before, >: seen now):"
        cat "$here/change"
        exit 1
    }
}

# as_before_on FIRST... <<'END' - the same of what is seen several times over: each time the line
# FIRST, such as the version, in which alone they may differ, then what is on stdin.
as_before_on() {
    local rest line
    rest=$(cat)
    for line in "$@"; do
        printf '%s\n' "$line" "$rest"
    done | as_before
}
