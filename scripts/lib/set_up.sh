# Everything a command needs before it starts; what stands is left alone.
# Sourced by the scripts with the checkout as the current directory; killed anywhere, the next run goes on.

set -euo pipefail

for part in say system python node; do
    # shellcheck source=/dev/null
    source "scripts/lib/$part.sh"
done

# set_up run|test
set_up() {
    [[ -w . ]] || refuse "Le dossier $PWD ne s'écrit pas ; lancez la commande avec l'utilisateur à qui il appartient."
    mkdir -p var
    if has_command flock; then
        # Held by what we start too: what a killed run left running ends first.
        exec 9>var/set_up.lock
        flock --nonblock 9 || { say "une autre mise en place est en cours ici ; on l'attend"; flock 9; }
    fi
    install_packages "$1"
    make_venv "$1"
    make_front_end
    exec 9>&-
}
