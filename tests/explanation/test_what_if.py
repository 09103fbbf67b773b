def test_one_glitched_cell_does_not_stretch_the_grid():
    rng = np.random.default_rng(0)
    known = rng.normal(10, 1, 146)
    clean = grid_ends(known)
    known[7] = 1e26
    low, high = grid_ends(known)
    assert low == pytest.approx(clean[0], abs=0.3) and high < 17


def test_a_column_with_one_common_value_keeps_its_whole_range():
    known = np.r_[np.zeros(97), [1.0, 2.0, 3.0]]
    low, high = grid_ends(known)
    assert low == 0 and high == pytest.approx(np.quantile(known, 0.995))
