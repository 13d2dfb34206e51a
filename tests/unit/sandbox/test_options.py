import pytest

from sandbox.options import Options, parse


def test_without_arguments_the_senders_api_is_on_8080_the_operators_on_any_port_and_only_the_schedule_polls() -> None:
    expected = Options(
        port=8080,
        operators_port=0,
        poll_every=None,
        parameters={},
        arm_base_url=None,
        arm_token_url=None,
        ready_file=None,
        desk=False,
        verbose=False,
    )

    assert expected == parse([])


def test_parameters_may_be_repeated_and_keep_everything_after_the_first_equals_sign() -> None:
    options = parse(["--parameter", "FirstPollSeconds=1", "--parameter", "AlarmEmail=a=b@example.com"])

    assert options.parameters == {"FirstPollSeconds": "1", "AlarmEmail": "a=b@example.com"}


def test_each_api_has_a_port_of_its_own() -> None:
    options = parse(["--port", "9001", "--operators-port", "9002"])

    assert (options.port, options.operators_port) == (9001, 9002)


def test_a_parameter_may_be_empty() -> None:
    assert parse(["--parameter", "AlarmEmail="]).parameters == {"AlarmEmail": ""}


def test_an_arm_outside_is_named_by_both_its_urls() -> None:
    options = parse(["--arm-base-url", "http://127.0.0.1:1/arm/v1", "--arm-token-url", "http://127.0.0.1:1/token"])

    assert options.arm_base_url == "http://127.0.0.1:1/arm/v1"
    assert options.arm_token_url == "http://127.0.0.1:1/token"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--port", "web"], "'web' is not a port"),
        (["--port", "65536"], "'65536' is not a port"),
        (["--port", "-1"], "'-1' is not a port"),
        (["--operators-port", "web"], "'web' is not a port"),
        (["--poll-every", "0"], "not a number of seconds above 0"),
        (["--poll-every", "often"], "not a number of seconds above 0"),
        (["--poll-every", "nan"], "not a number of seconds above 0"),
        (["--parameter", "FirstPollSeconds"], "'FirstPollSeconds' is not NAME=VALUE"),
        (["--parameter", "=1"], "'=1' is not NAME=VALUE"),
        (["--parameter", "Nonsense=1"], "template.yaml has no parameter Nonsense"),
        (["--arm-base-url", "http://127.0.0.1:1"], "belong together"),
        (["--arm-token-url", "http://127.0.0.1:1"], "belong together"),
    ],
)
def test_a_wrong_command_line_ends_with_a_line_that_says_why(
    arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(arguments)

    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err.splitlines()[-1]


def test_the_desk_needs_the_ready_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--desk"])

    assert "give --ready, too" in capsys.readouterr().err
    assert parse(["--desk", "--ready", "ready.json"]).desk
