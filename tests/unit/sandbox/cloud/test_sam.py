from sandbox.cloud.sam import reason


def test_the_reason_of_a_failure_is_the_last_error_sam_printed() -> None:
    output = "Deploying\nError: first\nRolling back\nError: Failed to create the stack\n"

    assert reason(output, 1) == "Failed to create the stack"


def test_without_a_printed_error_the_reason_is_the_exit_code() -> None:
    assert reason("Killed", 137) == "exit code 137"
