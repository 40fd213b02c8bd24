# Short lines, each after the seconds since the start.

say() { printf '%6s s  %s\n' "$SECONDS" "$*" >&2; }

# Says why nothing goes on, and ends.
refuse() { printf '%s\n' "$*" >&2; exit 2; }

# logged NAME COMMAND...: keeps a long output in var/log/NAME.log; shows its end where the command fails.
logged() {
    local log="var/log/$1.log"
    shift
    mkdir -p var/log
    "$@" >"$log" 2>&1 </dev/null || {
        local status=$?
        tail -n 20 "$log" >&2
        refuse "« $1 » s'est arrêté (code $status) ; tout ce qu'il a dit est dans $PWD/$log."
    }
}

# hash_of WORDS... [-- FILES...]: names inputs, so that a step is done again when one of them changes.
hash_of() {
    local words=()
    while (($#)) && [[ $1 != -- ]]; do words+=("$1"); shift; done
    shift || true
    { printf '%s\n' "${words[@]}"; (($# == 0)) || cat -- "$@"; } | sha256sum | cut -d' ' -f1
}
