import pytest
from fake_study import fake_study, fake_target

from tabcouce.report import summarize
from tabcouce.report.summary import Summary
from tabcouce.study.value import Study


@pytest.fixture(scope="session")
def regression() -> Study:
    return fake_study(fake_target())


@pytest.fixture(scope="session")
def classification() -> Study:
    return fake_study(fake_target(classes=True))


@pytest.fixture(scope="session")
def regression_summary(regression: Study) -> Summary:
    return summarize(regression)


@pytest.fixture(scope="session")
def classification_summary(classification: Study) -> Summary:
    return summarize(classification)


@pytest.fixture(scope="session")
def two_targets_summary(regression: Study, classification: Study) -> Summary:
    return summarize(fake_study(*regression.targets, *classification.targets))
