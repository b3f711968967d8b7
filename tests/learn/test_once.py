"""What is asked again of the same tensor within a scope is not computed again."""

from collections.abc import Callable

import torch
from torch import Tensor

from agent.learn.once import kept, once


def counting() -> tuple[Callable[[Tensor], Tensor], list[Tensor]]:
    asked: list[Tensor] = []

    def compute(X: Tensor) -> Tensor:
        asked.append(X)
        return X + 1

    return compute, asked


def test_within_a_scope_it_is_computed_once_and_outside_each_time() -> None:
    compute, asked = counting()
    owner, X = object(), torch.zeros(2)
    with once():
        first = kept(owner, X, compute)
        with once():  # an inner scope is the outer one
            assert kept(owner, X, compute) is first
        assert kept(owner, X, compute) is first
    assert len(asked) == 1
    kept(owner, X, compute)
    kept(owner, X, compute)
    assert len(asked) == 3


def test_equal_tensors_and_other_owners_are_asked_for_themselves() -> None:
    compute, asked = counting()
    one, other, X = object(), object(), torch.zeros(2)
    with once():
        kept(one, X, compute)
        kept(one, X.clone(), compute)
        kept(other, X, compute)
    assert len(asked) == 3


def test_only_the_last_few_are_kept_and_those_that_are_used_stay_right() -> None:
    compute, _ = counting()
    owner = object()
    many = [torch.full((1,), float(k)) for k in range(50)]
    with once():
        for X in (*many, *many):
            assert float(kept(owner, X, compute)) == float(X) + 1


def test_what_is_used_again_stays() -> None:
    compute, asked = counting()
    owner, training = object(), torch.zeros(1)
    with once():
        for _ in range(20):
            kept(owner, torch.zeros(5), compute)
            kept(owner, training, compute)
    assert len([X for X in asked if X is training]) == 1


def test_gradients_pass_through() -> None:
    X = torch.ones(3, requires_grad=True)
    with once():
        total = kept(X, X, torch.square).sum() + kept(X, X, torch.square).sum()
    total.backward()
    torch.testing.assert_close(X.grad, torch.full((3,), 4.0))
