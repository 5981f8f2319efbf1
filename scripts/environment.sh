# Sets up what the scripts here run in; read with `.` by them, from the root of the repository.
#
# Needs Python 3.11+ with pip, or the right to run apt-get. Installs only into .venv/; it is repeated only when a lock
# file changed. PYTHON=python3.13 chooses the interpreter of a new environment.

logs=$(mktemp -d)
failed=() groups=()
export PIP_DISABLE_PIP_VERSION_CHECK=1
trap 'end_beside; rm -rf "$logs"' EXIT

# run TITLE COMMAND…: one line with the time it took; the output only if it failed.
run() {
    local title=$1 begun=$SECONDS
    shift
    [ -t 1 ] && printf '...     %s\r' "$title"
    if "$@" >"$logs/out" 2>&1; then
        printf 'ok      %-44s %4d s\n' "$title" $((SECONDS - begun))
    else
        printf 'FAILED  %-44s %4d s\n        %s\n' "$title" $((SECONDS - begun)) "$*"
        sed 's/^/        /' "$logs/out"
        failed+=("$title")
        return 1
    fi
}
setup() { run "$@" || setup_failed; }
setup_failed() {
    echo "error: the set-up failed, so nothing was begun (setup-failed)" >&2
    exit 3
}

# beside COMMAND…: goes on while the script does, with the number of its process as the last of `groups`. It is a group of
# processes by itself, since what a shell leaves behind would not hear of Ctrl-C.
beside() {
    set -m
    ("$@") </dev/null &
    set +m
    groups+=($!)
}
# What a command makes of Ctrl-C is its own affair: pytest, pip and npm end by themselves, and the script would go on.
trap 'exit 130' INT
end_beside() {
    local each _
    for each in "${groups[@]}"; do kill -- "-$each" 2>/dev/null; done
    for each in "${groups[@]}"; do
        for _ in {1..50}; do
            kill -0 -- "-$each" 2>/dev/null || continue 2
            sleep 0.1
        done
        kill -KILL -- "-$each" 2>/dev/null
    done
}

# setup_beside TITLE COMMAND…: as setup, while the script goes on; what it told is shown where `joined` waits for it.
setup_beside() {
    local place=$logs/beside-${#groups[@]}
    mkdir "$place"
    beside setup_at "$place" "$@"
}
setup_at() {
    logs=$1
    shift
    run "$@" >"$logs/told"
}
joined() {
    local each broken=
    for each in "${!groups[@]}"; do
        wait "${groups[each]}" || broken=1
        cat "$logs/beside-$each/told"
    done
    groups=()
    rm -rf "$logs"/beside-*
    [ -z "$broken" ] || setup_failed
}

apt_install() {
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "missing: $*; install it with your system's package manager (Debian: apt-get install $*)"
        return 1
    fi
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@"
}

find_python() {
    local candidate
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return 0
        fi
    done
    echo "missing: Python 3.11 or newer" >&2
    return 1
}

make_venv() {
    local python
    python=$(find_python) || return 1
    "$python" -c 'import ensurepip' 2>/dev/null || apt_install python3-venv || return 1
    "$python" -m venv .venv
}

# stamped STAMP FILE…: true when STAMP holds the digest of the files, so their set-up need not be repeated.
digest() { cat "$@" | { sha256sum 2>/dev/null || shasum -a 256; } | cut -d ' ' -f 1; }
stamped() { local stamp=$1; shift; [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(digest "$@")" ]; }

# .venv/installing stands there while packages are installed: a set-up that was interrupted begins anew.
install_python_packages() {
    : >.venv/installing &&
        .venv/bin/python -m pip install -qq --require-hashes -r "$1" &&
        .venv/bin/python -m pip install -qq --no-deps --no-build-isolation -e . &&
        digest "$1" pyproject.toml >.venv/installed &&
        rm .venv/installing
}

# python_environment LOCK…: .venv with the packages of the first lock; that of another one named will do, if it is there.
python_environment() {
    empty_environment "$@"
    holds_packages "$@" || setup "install the locked Python packages" install_python_packages "$1"
}

# empty_environment LOCK…: .venv with pip, unless it holds the packages of a lock.
empty_environment() {
    [ ! -e .venv/installing ] || rm -rf .venv
    [ -x .venv/bin/python ] || setup "create .venv" make_venv
    holds_packages "$@" || .venv/bin/python -m pip --version >/dev/null 2>&1 || setup "create .venv" make_venv
}
holds_packages() {
    local lock
    for lock in "$@"; do
        stamped .venv/installed "$lock" pyproject.toml && return
    done
    return 1
}

# node_environment: node with npm, of the machine or, where it has none, the locked one beside our Python.
node_environment() {
    export PATH="$PATH:$PWD/.venv/bin"
    command -v node >/dev/null && command -v npm >/dev/null && return
    setup "install node and npm" .venv/bin/python -m pip install -qq --require-hashes -r requirements/node.txt
}

# The page that verifies in a browser is built of its sources, and again only where they changed.
build_page() { setup "build the page that verifies" .venv/bin/python scripts/package.py; }
