from __future__ import annotations

from protran.campaign.claims.choice import claims_about
from protran.campaign.claims.claim import ClaimKind
from protran.campaign.claims.reference import Reference
from search_spaces.presets import preset

T1 = Reference("t1", preset("t1")[0])


def chosen(comparisons, values, **options):
    claims = claims_about(T1, comparisons, values, **options)
    return {claim.kind: claim for claim in claims}


def test_the_cheapest_of_those_that_are_not_worse_has_the_equal_score(compared, reference_values) -> None:
    slow, quick, worse = compared(1, 0.19, 5e-4), compared(2, 0.215, 2e-4), compared(3, 0.23, 1e-4)
    claims = chosen([slow, quick, worse], reference_values)
    assert claims[ClaimKind.EQUAL_SCORE].comparison is quick
    assert claims[ClaimKind.BEST_SCORE].comparison is slow
    assert ClaimKind.SAME_COST not in claims


def test_of_equally_quick_members_the_one_with_less_memory_is_the_cheapest(compared, reference_values) -> None:
    large, small = compared(1, 0.2, 2e-4, 9000.0), compared(2, 0.2, 2e-4, 8000.0)
    assert chosen([large, small], reference_values)[ClaimKind.EQUAL_SCORE].comparison is small


def test_a_better_member_of_no_more_time_is_named(compared, reference_values) -> None:
    quick, better, slower = compared(1, 0.2, 1e-4), compared(2, 0.17, 1.01e-3), compared(3, 0.1, 2e-3)
    claim = chosen([quick, better, slower], reference_values)[ClaimKind.SAME_COST]
    assert claim.comparison is better
    assert "needs no more time than t1 and scores better (error 17.0" in claim.sentence


def test_where_nobody_scores_as_the_reference_the_gap_is_said(compared, reference_values) -> None:
    claim = chosen([compared(1, 0.31, 1e-4), compared(2, 0.26, 2e-4)], reference_values)[ClaimKind.EQUAL_SCORE]
    assert claim.comparison is None
    assert claim.sentence.startswith("no member of the front scores as t1 does; the nearest, ")
    assert "26.0 ± 5.0 % against 20.0 ± 5.0 %, difference +6.0 ± 1.0 points, at most +8.0" in claim.sentence


def test_a_front_of_nobody_is_said(reference_values) -> None:
    (claim,) = claims_about(T1, [], reference_values)
    assert (claim.comparison, claim.sentence) == (None, "the front has no member to compare with t1")


def test_who_has_the_equal_and_the_best_score_is_not_told_twice(compared, reference_values) -> None:
    only = compared(1, 0.19, 1e-4)
    claims = chosen([only], reference_values, on_front=True)
    assert claims[ClaimKind.BEST_SCORE].sentence == f"{only.key[:8]} has the best score of the other members"


def test_a_claim_tells_scores_costs_provenance_and_the_test_data(compared, reference_values) -> None:
    member = compared(1, 0.194, 1 / 3100, test_error=0.25)
    sentence = chosen([member], reference_values)[ClaimKind.EQUAL_SCORE].sentence
    assert sentence == (
        f"{member.key[:8]} scores as t1 does (error 19.4 ± 5.0 % against 20.0 ± 5.0 %, difference -0.6 ± 1.0 points, "
        "at most +1.4) and has 3.10 (2.93 to 3.28) times lower latency (measured-counter), 10.0 times less memory "
        "(exact), 10.0 times fewer parameters (exact), 10.0 times smaller weights (exact); unavailable: energy, "
        "peak power; on test data, by which nobody was chosen, the error is 25.0 ± 4.0 % against 20.0 ± 4.0 %, "
        "difference +5.0 ± 1.0 points, at most +7.0, where it is worse than t1"
    )


def test_a_member_that_is_better_is_called_so(compared, reference_values) -> None:
    claim = chosen([compared(1, 0.1, 5e-3)], reference_values)[ClaimKind.EQUAL_SCORE]
    assert "scores better than t1 (error" in claim.sentence
    assert "5.00 (4.73 to 5.29) times higher latency" in claim.sentence
