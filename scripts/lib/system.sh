# System packages: installed by apt only where missing, and said before.

# What a package is known by: a command, or a file that matches.
has_command() { PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" command -v "$1" >/dev/null; }
has_file() { compgen -G "$1" >/dev/null; }
has_library() { [[ $(PATH="$PATH:/sbin:/usr/sbin" ldconfig -p) == *"$1 "* ]]; }

# missing_packages run|test: one name a line.
missing_packages() {
    python_command >/dev/null || echo python3
    python_makes_venvs || echo "$(python_package)-venv"
    has_command setpriv && has_command flock || echo util-linux
    [[ -n ${DATABASE_URL:-} ]] || has_file '/usr/lib/postgresql/1[5-9]/bin/initdb' || has_file '/usr/lib/postgresql/[2-9][0-9]/bin/initdb' || echo postgresql
    [[ -n ${MQTT_URL:-} ]] || has_command mosquitto || echo mosquitto
    [[ -n ${BROKER_URL:-} ]] || has_command redis-server || echo redis-server
    has_library libpango-1.0.so.0 || echo libpango-1.0-0
    has_library libpangoft2-1.0.so.0 || echo libpangoft2-1.0-0
    has_library libharfbuzz-subset.so.0 || echo libharfbuzz-subset0
    has_file '/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf' || echo fonts-dejavu-core
    if [[ $1 == test ]]; then
        [[ -n ${FLEET_CHROMIUM:-} ]] || has_command chromium || echo chromium
        has_command pdftotext || echo poppler-utils
    fi
}

# The services are ours to start, privately: Debian's own are not to be started, nor a main cluster made.
POLICY=/usr/sbin/policy-rc.d
NO_CLUSTER=/etc/postgresql-common/createcluster.d/fleet.conf
MARK='made by fleet scripts while they install packages'

as_root() { if ((EUID == 0)); then "$@"; else sudo "$@"; fi; }

hold_services() {
    if ! has_file "$POLICY"; then
        printf '#!/bin/sh\n# %s\nexit 101\n' "$MARK" | as_root tee "$POLICY" >/dev/null
        as_root chmod 755 "$POLICY"
    fi
    as_root mkdir -p "${NO_CLUSTER%/*}"
    printf '# %s\ncreate_main_cluster = off\n' "$MARK" | as_root tee "$NO_CLUSTER" >/dev/null
}

# Also what a killed run left behind.
release_services() {
    local file
    for file in "$POLICY" "$NO_CLUSTER"; do
        if [[ -f $file ]] && grep -qF "$MARK" "$file"; then as_root rm -f "$file"; fi
    done
}

install_packages() {
    local missing
    release_services
    mapfile -t missing < <(missing_packages "$1")
    ((${#missing[@]})) || return 0
    has_command apt-get || refuse "Il manque ${missing[*]} et cette machine n'a pas apt-get ; installez-les, puis relancez."
    ((EUID == 0)) || has_command sudo || refuse "Il manque ${missing[*]} ; installez-les en root, ou installez sudo, puis relancez."
    say "paquets système à installer par apt-get : ${missing[*]}"
    hold_services
    trap release_services EXIT
    logged apt-update as_root apt-get update
    logged apt-install as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "${missing[@]}"
    release_services
    trap - EXIT
    mapfile -t missing < <(missing_packages "$1")
    ((${#missing[@]} == 0)) || refuse "Après l'installation il manque encore : ${missing[*]} ; voyez $PWD/var/log/apt-install.log."
}
