# What scripts/test runs; the first check that fails is the last line said.

check() {
    say "$1"
    shift
    "$@" || refuse "Ce contrôle ne passe pas : $*"
}

checks() {
    check "écriture du code" ruff check --quiet .
    check "mise en forme" ruff format --quiet --check .
    check "types" mypy
    check "contrats d'importation" lint-imports --no-cache
    check "modèles et migrations" fleet services --directory var/test -- fleet db check
}

HALF=(tests/devices tests/foundation tests/contracts tests/billing tests/scenarios)

# in_halves MARKS PROFILE: all tests, in two halves side by side, each on services of its own: no test hears another's sensors.
in_halves() {
    local marks=$1 profile=$2 failed=0
    mkdir -p var/log
    trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
    say "tests, en deux moitiés"
    half one "$marks" --hypothesis-profile="$profile" "${HALF[@]}" &
    half two "$marks" --hypothesis-profile="$profile" tests "${HALF[@]/#/--ignore=}" &
    for job in $(jobs -p); do wait "$job" || failed=1; done
    trap - EXIT
    for name in one two; do cat "var/log/tests-$name.log"; done
    ((failed == 0)) || refuse "Des tests ne passent pas ; leurs sorties sont au-dessus et dans var/log/tests-*.log."
    say "tout passe"
}

# half NAME MARKS ARGUMENTS...
half() {
    local name=$1 marks=$2
    shift 2
    fleet services --directory "var/test-$name" -- pytest -m "$marks" --durations=15 -o cache_dir="var/test-$name/cache" "$@" \
        >"var/log/tests-$name.log" 2>&1
}
