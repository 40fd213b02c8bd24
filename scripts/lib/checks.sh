# What scripts/test runs while the services are up; the first that fails is the last line said.
set -euo pipefail
source scripts/lib/say.sh

PATH="$PWD/.venv/bin:$PATH"

check() {
    say "$1"
    shift
    "$@" || refuse "Ce contrôle ne passe pas : $*"
}

marks='not long'
if [[ ${1:-} == --all ]]; then
    marks=''
    shift
fi

check "écriture du code" ruff check --quiet .
check "mise en forme" ruff format --quiet --check .
check "types" mypy
check "contrats d'importation" lint-imports --no-cache
check "modèles et migrations" fleet db check
say "tests"
exec pytest -m "$marks" "$@"
