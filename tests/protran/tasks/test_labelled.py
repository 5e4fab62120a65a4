from protran.tasks.labelled import indexed


def test_names_are_sorted_and_indexed():
    names, index = indexed(["walk", "run", "walk"])
    assert names == ("run", "walk")
    assert index.tolist() == [1, 0, 1]


def test_numbers_come_by_size_and_before_words():
    assert indexed(["10", "9", "none", "-1"])[0] == ("-1", "9", "10", "none")
