# The virtual environment, made from locked requirements (versions and hashes).

# The newest Python we may run on.
python_command() {
    local name
    for name in python3 python3.14 python3.13 python3.12 python3.11; do
        if has_command "$name" && "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
            command -v "$name"
            return
        fi
    done
    return 1
}

python_makes_venvs() { "$(python_command || echo python3)" -c 'import ensurepip, venv' 2>/dev/null; }

# Debian's name of that Python's package.
python_package() {
    local command
    command=$(python_command) || { echo python3; return; }
    "$command" -c 'import sys; print("python%d.%d" % sys.version_info[:2])'
}

# make_venv run|test: complete when its stamp says so; the tests' requirements include those that run.
make_venv() {
    local python wanted lock=requirements.txt
    [[ $1 == run ]] || lock=requirements-dev.txt
    python=$(python_command) || refuse "Il faut Python 3.11 ou plus récent ; installez-le, puis relancez."
    local base
    base=$(hash_of "$PWD" "$("$python" -VV)" -- requirements.txt setup.py)
    wanted=$(hash_of "$base" -- "$lock")
    if [[ $(cat .venv/stamp-run 2>/dev/null) == "$base" ]]; then
        if [[ $1 == run || $(cat .venv/stamp-test 2>/dev/null) == "$wanted" ]]; then return; fi
    else
        say "environnement Python : $("$python" -V) dans .venv"
        rm -rf .venv
        logged venv "$python" -m venv .venv
    fi
    say "paquets Python de $lock (une à trois minutes la première fois)"
    rm -f .venv/stamp-*
    logged pip .venv/bin/python -m pip --disable-pip-version-check install --require-hashes --only-binary :all: --requirement "$lock"
    logged pip-fleet .venv/bin/python -m pip --disable-pip-version-check install --no-deps --no-build-isolation --editable .
    [[ $1 == run ]] || stamp .venv/stamp-test "$wanted"
    stamp .venv/stamp-run "$base"
}

# stamp FILE HASH: written aside, then named, so that it is never half there.
stamp() { printf '%s\n' "$2" >"$1.new" && mv "$1.new" "$1"; }
