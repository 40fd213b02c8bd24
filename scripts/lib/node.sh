# What the pages load in a browser: npm ci from a lock file without addresses.

OLDEST_NODE=20

node_is_enough() { has_command node && has_command npm && node -e "process.exit(parseInt(process.versions.node) < $OLDEST_NODE ? 1 : 0)"; }

# Where the machine has no Node, or an old one: from a wheel, in an environment of its own.
make_node() {
    local python wanted
    node_is_enough && return
    python=$(python_command)
    wanted=$(hash_of "$PWD" "$("$python" -VV)" -- requirements-node.txt)
    if [[ $(cat var/node/stamp 2>/dev/null) != "$wanted" ]]; then
        say "Node.js, qui manque ici, dans var/node"
        rm -rf var/node
        mkdir -p var
        logged node-venv "$python" -m venv var/node
        logged node-pip var/node/bin/python -m pip --disable-pip-version-check install --require-hashes --only-binary :all: --requirement requirements-node.txt
        stamp var/node/stamp "$wanted"
    fi
    PATH="$PWD/var/node/bin:$PATH"
}

make_front_end() {
    local wanted
    wanted=$(hash_of -- package.json package-lock.json)
    [[ $(cat node_modules/stamp 2>/dev/null) == "$wanted" ]] && return
    make_node
    say "paquets des pages (npm ci)"
    rm -rf node_modules
    logged npm npm ci --ignore-scripts --no-audit --no-fund
    stamp node_modules/stamp "$wanted"
}
