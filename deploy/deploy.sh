#!/usr/bin/env bash
# Deploys a release's zip: STACK_NAME, ARCHITECTURE (arm64 or x86_64) and PARAMETERS (lines of `Name: value`) say how.
# TAGS (words of `name=value`), SERVICE_ROLE_ARN (CloudFormation's own role) and BUCKET (for the code; by default SAM
# makes one) may be left out. AWS credentials and AWS_REGION come from the environment. SAM, where SAM CLI is, defaults
# to the one of `make setup`, which also makes the Python that checks the parameters.
set -euo pipefail
cd "$(dirname "$0")/.."
TAGS=${TAGS:-}
sam=${SAM:-.tools/sam/bin/sam}
dist=${DIST:-dist}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

zips=("$dist"/arm-relay-*-"${ARCHITECTURE:?}".zip)
test "${#zips[@]}" = 1 || { echo "there is more than one release in $dist" >&2; exit 1; }
zip=${zips[0]}
# The checksums say whether the zip is the one that the build wrote. One that they do not list is refused, too.
awk -v name="$(basename "$zip")" '$2 == name {found = 1} END {exit !found}' "$dist/SHA256SUMS" || { echo "SHA256SUMS does not list $zip" >&2; exit 1; }
(cd "$dist" && sha256sum --check --quiet --strict SHA256SUMS)
python3 -m zipfile -e "$zip" "$work/build"
printf '%s\n' "${PARAMETERS:-}" > "$work/parameters.yaml"
# SAM ignores a parameter whose name is mistyped, and YAML changes some values.
.venv/bin/python -m tools.pipeline_parameters "$work/parameters.yaml" "$work/build/template.yaml"

# SAM publishes new versions of the functions where this name is a new one: for another release or other parameters.
name=$(cat "$zip" "$work/parameters.yaml" | sha256sum | cut -d ' ' -f 1)
sed -i "s/^\( *AutoPublishCodeSha256: \).*/\1'$name'/" "$work/build/template.yaml"

options=()
if grep -q '[^[:space:]]' "$work/parameters.yaml"; then
  options+=(--parameter-overrides "file://$work/parameters.yaml")
fi
read -ra tags <<< "${TAGS//$'\n'/ }"
if [ "${#tags[@]}" != 0 ]; then
  options+=(--tags "${tags[@]}")
fi
if [ -n "${SERVICE_ROLE_ARN:-}" ]; then
  options+=(--role-arn "$SERVICE_ROLE_ARN")
fi
if [ -n "${BUCKET:-}" ]; then
  options+=(--s3-bucket "$BUCKET")
else
  options+=(--resolve-s3)
fi
"$sam" deploy --template-file "$work/build/template.yaml" --stack-name "${STACK_NAME:?}" --region "${AWS_REGION:?}" \
  --config-env none --capabilities CAPABILITY_IAM --s3-prefix arm-relay --no-confirm-changeset \
  --no-fail-on-empty-changeset "${options[@]}"
