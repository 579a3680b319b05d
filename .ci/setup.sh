# Shared by ./quickstart and ./check: finds Python, brings Debian packages where it may, makes the virtual environment.

say() { printf '%s\n' "$*" >&2; }

# The first Python on the path that is new enough.
find_python() {
    local candidate
    for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$candidate"
            return
        fi
    done
    say "Python 3.11 or newer is needed. On Debian or Ubuntu: sudo apt-get install python3"
    return 1
}

# Whether a Debian package is there; Ubuntu 24.04 and Debian 13 renamed some with the suffix t64.
has_package() {
    # It fails where either name is unknown, which says nothing about the other.
    { dpkg-query -W -f '${db:Status-Status}\n' "$1" "${1}t64" 2>/dev/null || true; } | grep -qx installed
}

# need_packages PACKAGE...: installs those that are missing through apt-get, or prints the line that would.
need_packages() {
    command -v apt-get >/dev/null && command -v dpkg-query >/dev/null || return 0
    local package missing=() as_root=()
    for package in "$@"; do
        has_package "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null || ! sudo -n true 2>/dev/null; then
            say "These system packages are missing. Install them and run this again:"
            say "    sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}"
            return 1
        fi
        as_root=(sudo -n)
    fi
    say "Installing system packages: ${missing[*]}"
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
    apt=(${as_root[@]+"${as_root[@]}"} "${apt[@]}")
    "${apt[@]}" update </dev/null >&2
    "${apt[@]}" install -y --no-install-recommends "${missing[@]}" </dev/null >&2
}

# What Qt needs to open a window on X11.
qt_packages() {
    echo libgl1 libgl1-mesa-dri libglx-mesa0 libegl1 libopengl0 libglib2.0-0 libxkbcommon-x11-0 \
        libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0 libxcb-render-util0 \
        libxcb-shape0 libxcb-xfixes0 libxcb-xinerama0 libxcb-xkb1 libdbus-1-3 libfontconfig1
}

# The Debian package without which this Python makes no virtual environment; nothing where it can.
venv_package() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null || "$1" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])'
}

# make_environment PYTHON DIR: an environment with a pip that knows dependency groups; one that works is kept.
make_environment() {
    "$2/bin/python" -m pip --version >/dev/null 2>&1 || "$1" -m venv --clear "$2"
    "$2/bin/python" -m pip install --quiet --upgrade 'pip>=25.1'
}
