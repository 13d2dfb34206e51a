#!/usr/bin/env bash
# Deploys a release's zip: STACK_NAME, ARCHITECTURE (arm64 or x86_64) and PARAMETERS (lines of `Name: value`) say how.
# AWS credentials and the region come from the environment. SAM, where SAM CLI is, defaults to the one of `make setup`.
set -euo pipefail
cd "$(dirname "$0")/.."
sam=${SAM:-.tools/sam/bin/sam}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# The checksums say whether the zips are those that the build wrote.
(cd "${DIST:-dist}" && sha256sum --check --quiet SHA256SUMS)
zips=("${DIST:-dist}"/arm-relay-*-"${ARCHITECTURE:?}".zip)
test "${#zips[@]}" = 1 || { echo "there is more than one release in ${DIST:-dist}" >&2; exit 1; }
python3 -m zipfile -e "${zips[0]}" "$work/build"
printf '%s\n' "${PARAMETERS:-}" > "$work/parameters.yaml"

# SAM publishes new versions of the functions where this name is a new one: for another release or other parameters.
name=$(cat "${zips[0]}" "$work/parameters.yaml" | sha256sum | cut -d ' ' -f 1)
sed -i "s/^\( *AutoPublishCodeSha256: \).*/\1'$name'/" "$work/build/template.yaml"

overrides=()
if grep -q '[^[:space:]]' "$work/parameters.yaml"; then
  overrides=(--parameter-overrides "file://$work/parameters.yaml")
fi
"$sam" deploy --template-file "$work/build/template.yaml" --stack-name "${STACK_NAME:?}" --config-env none \
  --capabilities CAPABILITY_IAM --resolve-s3 --s3-prefix arm-relay --no-confirm-changeset --no-fail-on-empty-changeset \
  "${overrides[@]}"
