"""Values computed when first asked for."""

from cds_service.case.lazy import lazy


class Sum:
    """Counts how often it adds up."""

    def __init__(self, *numbers: int) -> None:
        self.numbers = numbers
        self.additions = 0

    @lazy
    def total(self) -> int:
        """All numbers together."""
        self.additions += 1
        return sum(self.numbers)


def test_a_lazy_value_is_computed_once_and_only_when_asked_for() -> None:
    numbers = Sum(1, 2)
    assert numbers.additions == 0
    assert (numbers.total, numbers.total) == (3, 3)
    assert numbers.additions == 1


def test_each_object_has_its_own_value() -> None:
    assert [Sum(1).total, Sum(2).total] == [1, 2]


def test_on_the_class_it_is_its_own_description() -> None:
    assert isinstance(Sum.total, lazy)
    assert Sum.total.__doc__ == "All numbers together."
