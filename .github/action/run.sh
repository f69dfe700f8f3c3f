#!/usr/bin/env bash
# Runs fitcheck once, hands its reports to GitHub, and ends with its exit status.
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
reports=${RUNNER_TEMP:?}/fitcheck
rm -rf "$reports"
mkdir -p "$reports"

args=(--fail-on "${FITCHECK_FAIL_ON:-warning}" --color always)
[ "${FITCHECK_STRICT:-true}" = true ] && args+=(--strict) || args+=(--no-strict)
case "${FITCHECK_BASE:-}:${GITHUB_EVENT_NAME:-}" in
  :*) ;;
  auto:pull_request* | auto:merge_group) args+=(--base=auto) ;;
  auto:*) ;;
  *) args+=("--base=$FITCHECK_BASE") ;;
esac
for output in json=report.json sarif=report.sarif html=report.html summary=summary.md comment=comment.md \
  github=annotations.txt outputs=outputs.txt; do
  args+=(--output "${output%%=*}=$reports/${output#*=}")
done

# What the repository's files say must not speak to the runner.
token=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "::stop-commands::$token"
"${FITCHECK_BIN:?}" "${args[@]}" -- "${FITCHECK_PATH:-.}"
status=$?
echo
echo "::$token::"

# A strict run that lost something ends with 2 as well, after its reports.
if [ -f "$reports/outputs.txt" ]; then
  [ "${FITCHECK_ANNOTATIONS:-true}" = true ] && cat "$reports/annotations.txt"
  [ "${FITCHECK_SUMMARY:-true}" = true ] && cat "$reports/summary.md" >>"${GITHUB_STEP_SUMMARY:?}"
  {
    cat "$reports/outputs.txt"
    printf 'report=%s\nhtml-file=%s\nsarif-file=%s\n' "$reports/report.json" "$reports/report.html" "$reports/report.sarif"
  } >>"${GITHUB_OUTPUT:?}"
  [ "${FITCHECK_COMMENT:-false}" = true ] && bash "$here/comment.sh" "$reports/comment.md"
fi
exit "$status"
