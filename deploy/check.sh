#!/usr/bin/env bash
# Fails where the deployed relay of STACK_NAME reports a fault of itself. It asks the operators' route `health`.
set -euo pipefail
: "${AWS_ACCESS_KEY_ID:?}" "${AWS_SECRET_ACCESS_KEY:?}" "${AWS_REGION:?}"
url=${OPERATORS_URL:-$(aws cloudformation describe-stacks --stack-name "${STACK_NAME:?}" --output text \
  --query "Stacks[0].Outputs[?OutputKey=='OperatorsUrl'].OutputValue")}

# The key goes in by standard input, so that it is in no list of processes.
health=$(curl --silent --show-error --fail --aws-sigv4 "aws:amz:$AWS_REGION:execute-api" --config - "$url/v1/health" <<END
user = "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY"
header = "x-amz-security-token: ${AWS_SESSION_TOKEN:-}"
END
)
echo "$health"
python3 -c 'import json, sys; sys.exit(json.load(sys.stdin)["status"] == "fault")' <<< "$health"
