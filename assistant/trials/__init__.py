"""Changes tried before visitors meet them: on stored questions, beside answers, on test cases."""
