#!/usr/bin/env bash
# Merges the facts of an organisation's repositories into one report; a repository without facts makes the run fail.
set -uo pipefail
reports=${RUNNER_TEMP:?}/fitcheck
rm -rf "$reports"
mkdir -p "$reports"
shopt -s nullglob
facts=("${FITCHECK_FACTS:?}"/*.json)
args=(--fail-on "${FITCHECK_FAIL_ON:-never}" --color always --no-strict)
[ -n "${FITCHECK_CONFIG:-}" ] && args+=("--config=$FITCHECK_CONFIG")
for format in json html markdown csv; do
  args+=(--output "$format=$reports/fleet.$format")
done
args+=(--output "summary=$reports/summary.txt")
if [ "${#facts[@]}" = 0 ]; then
  echo "::error title=fitcheck::no repository gave facts"
  exit 2
fi

token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "::stop-commands::$token"
"${FITCHECK_BIN:?}" merge "${args[@]}" -- "${facts[@]}"
status=$?
echo
echo "::$token::"
[ -f "$reports/summary.txt" ] && cat "$reports/summary.txt" >>"${GITHUB_STEP_SUMMARY:?}"

# The list is JSON of names without blanks; what has no facts is said, not left out.
wanted=$(tr -d '[]" \n' <<<"${FITCHECK_REPOSITORIES:-}" | tr ',' '\n')
while read -r name; do
  [ -z "$name" ] || [ -f "$FITCHECK_FACTS/${name//\//--}.json" ] && continue
  printf '::error title=fitcheck::%s gave no facts; see its job\n' "${name//[^A-Za-z0-9._\/-]/?}"
  status=2
done <<<"$wanted"
exit "$status"
