# shellcheck shell=bash
# An apt configuration apart from the machine's, for packages of other suites of the same Debian
# mirror: nothing of it needs root, /etc/apt is only read, and no package is installed.
#
# Sourced by ./bootstrap and tools/fetch-kernels. The caller sets `deps`, the folder for all that is
# fetched, and `log`, a file.

readonly keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# apt-get or apt-cache in a view, which is a set of lists of its own.
private_apt_tool() { # TOOL VIEW ARGUMENT...
  local tool=$1 dir="$deps/apt/$2"
  shift 2
  "$tool" -q -o "Dir::State::Lists=$dir/lists" -o "Dir::Cache=$dir/cache" \
    -o "Dir::Etc::SourceList=$dir/sources.list" -o Dir::Etc::SourceParts=- \
    -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}

private_apt() { private_apt_tool apt-get "$@" >>"$log" 2>&1; } # VIEW ARGUMENT...

# Where this machine gets Debian's packages from: the main archive, or that of security updates.
debian_mirror() { # main|security
  # apt reads both formats of source lists itself.
  # shellcheck disable=SC2016
  apt-get indextargets --format '$(RELEASE) $(REPO_URI)' \
    'Created-By: Packages' 'Origin: Debian' 'Component: main' |
    awk -v kind="$1" '
      kind == "security" && $1 ~ /-security/ { print $2; exit }
      kind == "main" && $1 !~ /-(security|updates|backports)/ { print $2; exit }'
}

# Reads the lists of one suite, unless that was done before.
make_view() { # VIEW SUITE TYPES OPTION...
  local view=$1 suite=$2 types=$3 dir="$deps/apt/$1" kind=main mirror type
  shift 3
  local options=("$@")
  [[ ! -d $dir ]] || return 0
  if [[ $suite == *-security ]]; then kind=security; fi
  mirror=$(debian_mirror "$kind")
  [[ -n $mirror ]] || return 1
  if [[ -f $keyring ]]; then options+=("signed-by=$keyring"); fi
  mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
  for type in $types; do
    echo "$type${options[*]:+ [${options[*]}]} $mirror $suite main"
  done >"$dir/sources.list"
  if private_apt "$view" update; then return 0; fi
  rm -rf "$dir"
  return 1
}
