"""The benchmark's scores on arrays small enough to work out by hand, and against slow literal definitions."""

import itertools
import json

import metrics
import numpy as np
import pytest
import quality
import rivals
import scores
from datasets import Sample, find_entries
from metrics import Annotations, ObjectScore
from partitions import Family, Table, borders, connected_parts, consecutive
from scipy.io import savemat
from skimage.io import imsave

HALVES = np.array([[0, 0, 1, 1]] * 2)
QUARTERS = np.array([[0, 0, 1, 1], [2, 2, 3, 3]])
ONE = np.zeros((2, 4), int)


def table_of(prediction, *truths):
    annotations = Annotations.of(truths)
    return annotations.table(consecutive(prediction)), annotations


def scores_of(prediction, *truths):
    return metrics.region_scores(*table_of(prediction, *truths))


def random_labels(seed, shape=(6, 7), n=4):
    return np.random.default_rng(seed).integers(0, n, shape)


def test_perfect_regions():
    found = scores_of(QUARTERS + 5, QUARTERS)
    assert (found["covering"], found["pri"], found["vi"], found["all_sum"]) == (1, 1, 0, 4)


def test_blank_regions_score_as_worked_out_by_hand():
    found = scores_of(ONE, HALVES)
    assert found["covering"] == 0.5  # each half is covered with iou 1/2
    assert found["pri"] == pytest.approx(12 / 28)  # 2 * C(4, 2) of C(8, 2) pairs belong together
    assert found["vi"] == 1  # one bit says which half


def test_annotators_are_averaged_for_covering_and_pooled_for_miou():
    found = scores_of(ONE, HALVES, QUARTERS)
    assert found["covering"] == (0.5 + 0.25) / 2
    assert (found["all_sum"], found["all_n"]) == (2 * 0.5 + 4 * 0.25, 6)
    assert (found["fine_sum"], found["fine_n"]) == (1, 4)
    assert (found["coarse_sum"], found["coarse_n"]) == (1, 2)


def test_fine_and_coarse_take_the_first_of_equal_annotators():
    found = scores_of(HALVES, HALVES, HALVES.T.reshape(2, 4))
    assert found["fine_sum"] == found["coarse_sum"] == 2


@pytest.mark.parametrize("seed", range(3))
def test_region_scores_equal_slow_definitions(seed):
    prediction, truth = random_labels(seed), random_labels(seed + 100, n=6)
    found = scores_of(prediction, truth)
    a, b = prediction.ravel(), truth.ravel()
    pairs = list(itertools.combinations(range(a.size), 2))
    agree = [(a[i] == a[j]) == (b[i] == b[j]) for i, j in pairs]
    assert found["pri"] == pytest.approx(np.mean(agree))
    joint = np.array([np.mean((a == x) & (b == y)) for x in set(a) for y in set(b)])
    entropy = [-sum(p * np.log2(p) for p in ps if p) for ps in (joint, *(_shares(v) for v in (a, b)))]
    assert found["vi"] == pytest.approx(2 * entropy[0] - entropy[1] - entropy[2])
    best = {y: max(_iou(a == x, b == y) for x in set(a)) for y in set(b)}
    assert found["all_sum"] == pytest.approx(sum(best.values()))
    assert found["covering"] == pytest.approx(sum(np.mean(b == y) * iou for y, iou in best.items()))


def _shares(values):
    return np.unique(values, return_counts=True)[1] / values.size


def _iou(a, b):
    return (a & b).sum() / (a | b).sum()


def test_merged_table_equals_the_table_of_merged_labels():
    fine, truth = random_labels(0, n=9), random_labels(1)
    joined = np.array([0, 0, 1, 2, 1, 0, 3, 3, 2])
    merged, direct = Table.of(fine, truth, 4).merged(joined), Table.of(joined[fine], truth, 4)
    for name in ("rows", "columns", "counts", "row_sizes", "column_sizes"):
        np.testing.assert_array_equal(getattr(merged, name), getattr(direct, name))


def test_sparse_and_dense_tables_agree():
    prediction, truth = random_labels(0, n=3), random_labels(1, n=3)
    small, large = Table.of(prediction, truth, 3), Table.of(prediction, truth, 3000)
    np.testing.assert_array_equal(small.counts, large.counts)
    np.testing.assert_array_equal(small.ious, large.ious)


def test_parts_are_connected_along_the_axes_only():
    diagonal = np.array([[1, 0], [0, 1]])
    assert connected_parts(diagonal).max() + 1 == 4
    assert connected_parts(diagonal.astype(bool)).max() + 1 == 4
    pairs, lengths = borders(HALVES)
    assert (pairs.tolist(), lengths.tolist()) == ([[0, 1]], [2])


def test_family_finds_the_connected_regions_of_a_cut():
    stripes = np.array([[3, 3, 7, 3]])
    family = Family.from_labels(stripes, "x")
    np.testing.assert_array_equal(family.labels("x"), [[0, 0, 1, 0]])
    assert family.parts(family.cuts["x"]).tolist() == [0, 1, 2]
    assert family.parts(np.array([4, 4, 4])).tolist() == [0, 0, 0]


def test_average_precision_takes_large_segments_first():
    truth = np.array([[0, 0, 0, 0, 1, 1, 2, 2, 3, 3]])
    right_then_wrong = np.array([[0, 0, 0, 0, 1, 1, 1, 2, 3, 4]])
    pairs = metrics.segment_pairs(table_of(right_then_wrong, truth)[0], 0.5)
    # size 4: right; size 3: iou 2/3, right; the three of size 1: iou 1/3 or 1/2, not above 0.5
    assert pairs.sizes.tolist() == [4, 3, 1]
    assert pairs.correct.tolist() == [1, 1, 0]
    assert metrics.average_precision([pairs]) == 0.5  # precision 1 up to recall 2/4
    assert metrics.average_precision([metrics.segment_pairs(table_of(truth, truth)[0], 0.5)]) == 1


def test_objects_match_above_half_overlap_only():
    truth = np.array([[0, 5, 5, 0, 9, 9, 9, 0]])
    exactly_half = np.array([[0, 1, 0, 0, 2, 2, 2, 0]])
    assert metrics.labelled_objects(exactly_half, truth) == ObjectScore(tp=1, n_predicted=2, n_true=2, seg=1.0)
    two_thirds = np.array([[3, 3, 3, 0, 0, 0, 0, 4]])
    assert metrics.labelled_objects(two_thirds, truth) == ObjectScore(1, 2, 2, pytest.approx(2 / 3))


def test_seg_counts_an_object_covered_by_a_larger_one():
    truth = np.array([[0, 5, 5, 0, 9, 9, 0, 0]])
    one_big = np.array([[1, 1, 1, 1, 1, 1, 0, 0]])
    assert metrics.labelled_objects(one_big, truth) == ObjectScore(0, 1, 2, pytest.approx(2 / 6 * 2))


def test_no_objects_anywhere():
    nothing = np.zeros((3, 3), int)
    assert metrics.labelled_objects(nothing, nothing) == ObjectScore(0, 0, 0, 0.0)


def test_best_mapping_lets_several_labels_share_a_class():
    truth = np.array([[0, 0, 0, 1, 1, 1]])
    assert metrics.class_ious(Table.of(np.array([[0, 0, 1, 2, 2, 2]]), truth, 2)) == 1
    mixed = metrics.class_ious(Table.of(np.array([[0, 0, 0, 0, 1, 1]]), truth, 2))
    assert mixed == pytest.approx((3 / 4 + 2 / 3) / 2)
    assert metrics.class_ious(Table.of(np.zeros((1, 6), int), truth, 2)) == (3 / 6 + 0) / 2


def picture_of(image, axes="YX"):
    return rivals.Picture(np.asarray(image), axes, photograph=False)


def two_squares(size=40):
    """Two bright squares of 100 pixels that touch, in clusters: 0 is background."""
    truth = np.zeros((size, size), int)
    truth[10:20, 10:20] = 1
    truth[10:20, 20:30] = 2
    return truth


def object_summary(labels, image, truth):
    prediction = rivals.Prediction([Family.from_labels(labels, "x")])
    rows = scores.object_rows(Sample("s", "", image, "YX", [truth]), picture_of(image), prediction)
    return scores.summarise_objects([rows])


def test_regions_that_touch_stay_objects_and_clusters_that_touch_join():
    truth = two_squares()
    found = object_summary(truth, (truth > 0) * 200, truth)
    assert found["guided_f1"] == found["automatic_f1"] == 1
    assert found["guided_setting"][2] == "regions"
    halves = truth.copy()
    halves[10:20, 15:20] = 3  # the first square in two clusters: only joining them gets one right, the sum of both
    alone = object_summary(np.where(truth == 2, 0, halves), (truth == 1) * 200, np.where(truth == 1, 1, 0))
    assert alone["guided_f1"] == 1
    assert alone["guided_setting"][2] == "joined"


def test_joining_many_tiny_labels_is_kept_apart():
    truth = two_squares() == 1
    pixels = np.arange(truth.size).reshape(truth.shape)
    found = object_summary(pixels, np.roll(truth, 20, axis=0) * 200, truth.astype(int))
    assert found["painted_f1"] == 1
    assert found["guided_f1"] == found["automatic_f1"] == 0


def test_guided_is_never_below_automatic():
    truth = two_squares() == 1
    pixels = np.arange(truth.size).reshape(truth.shape)
    found = object_summary(pixels, truth * 200, truth.astype(int))
    assert found["guided_f1"] == found["automatic_f1"] == 1


def test_automatic_objects_do_not_see_the_truth():
    image = two_squares() * 0 + 10
    image[5:9, 5:9] = 200
    labels = (image > 100).astype(int)
    elsewhere = np.zeros_like(labels)
    elsewhere[30:35, 30:35] = 1
    found = object_summary(labels, image, elsewhere)
    assert found["automatic_f1"] == 0
    rows = scores.object_rows(
        Sample("s", "", image, "YX", [labels]), picture_of(image), rivals.Prediction([Family.from_labels(labels, "x")])
    )
    assert rows["automatic", "bright", "x", "regions", 1].tp == 1


@pytest.mark.parametrize("light", [(10.0, 2000.0), (2000.0, 10.0)])
def test_common_foreground_rules(light):
    found = scores.automatic_foregrounds(np.array([0, 1]), np.array(light), np.array([20, 0]), np.array([50, 50]))
    bright = [value > 1000 for value in light]
    assert found["automatic", "bright"].tolist() == bright
    assert found["automatic", "dark"].tolist() == [not b for b in bright]
    assert found["automatic", "inner"].tolist() == [False, True]  # the first label holds the frame


def test_best_scale_of_the_set_and_of_each_image():
    def rows(first, second):
        return {name: {"iou": iou, "labels": 2} for name, iou in (("a", first), ("b", second))}

    found = scores.summarise_classes([rows(0.2, 0.8), rows(0.6, 0.4)])
    assert found["iou_ods_10"] == pytest.approx(0.6)
    assert found["iou_ois_10"] == pytest.approx(0.7)
    assert found["iou_scale_10"] == "b"


def test_region_summary_lowers_vi_and_raises_the_rest():
    sample = Sample("s", "", QUARTERS, "YX", [QUARTERS])
    prediction = rivals.Prediction([Family.from_labels(ONE, "one"), Family.from_labels(QUARTERS, "four")])
    found = scores.summarise_regions([scores.region_rows(sample, picture_of(QUARTERS), prediction)])
    assert (found["covering_ods"], found["pri_ods"], found["vi_ods"], found["miou_all"]) == (1, 1, 0, 1)
    assert found["vi_scale"] == found["covering_scale"] == "four"


def test_tree_cuts_grow_coarser_and_follow_the_contrast():
    leaves = np.repeat(np.arange(4), 4).reshape(4, 4)  # four rows: two dark, two bright
    features = np.array([0.0, 0.1, 5.0, 5.1])[leaves][..., None]
    family = rivals.mumford_shah(leaves, features)
    n_regions = [cut.max() + 1 for cut in family.cuts.values()]
    assert n_regions == sorted(n_regions, reverse=True)
    assert n_regions[-1] == 1
    (two, *_) = (cut for cut in family.cuts.values() if cut.max() == 1)
    assert two[0] == two[1] != two[2] == two[3]


@pytest.mark.parametrize("name", [n for n in rivals.METHODS if n != "ours"])
@pytest.mark.parametrize("axes", ["YX", "YXS", "CYX"])
def test_every_rival_returns_a_partition_of_the_image(name, axes):
    rng = np.random.default_rng(0)
    grey = (two_squares(48) > 0) * 100 + rng.integers(0, 50, (48, 48))
    stacked = {"YX": grey, "YXS": np.stack([grey] * 3, -1), "CYX": np.stack([grey] * 2)}[axes].astype(np.uint8)
    function, _ = rivals.method(name)
    prediction = function(picture_of(stacked, axes), 0)
    for family in prediction.families:
        assert family.leaves.shape == (48, 48)
        assert all(len(cut) == family.leaves.max() + 1 for cut in family.cuts.values())


def test_unknown_method_is_named():
    with pytest.raises(ValueError, match=r"method must be one of blank.*got 'kmean'"):
        rivals.method("kmean")


def bsds_folder(root, kind):
    truths = [HALVES.astype(np.uint16) + 1, QUARTERS.astype(np.uint16) + 1]
    for part in ("images", kind):
        (root / part / "val").mkdir(parents=True)
    imsave(root / "images/val/7.png", np.zeros((2, 4, 3), np.uint8), check_contrast=False)
    if kind == "groundTruth":
        cells = np.empty((1, 2), object)
        for i, truth in enumerate(truths):
            cells[0, i] = {"Segmentation": truth, "Boundaries": truth > 1}
        savemat(root / kind / "val/7.mat", {"groundTruth": cells})
    else:
        np.savez(root / kind / "val/7.npz", segmentations=np.stack(truths))
    return root


@pytest.mark.parametrize("kind", ["groundTruth", "segmentations"])
def test_both_forms_of_the_berkeley_set_read_alike(tmp_path, kind):
    (entry,) = find_entries(bsds_folder(tmp_path, kind), "val")
    sample = entry.read()
    assert (sample.name, sample.axes, sample.image.shape) == ("7", "YXS", (2, 4, 3))
    np.testing.assert_array_equal(sample.truths, [HALVES + 1, QUARTERS + 1])


def labelled_folder(root):
    rows = ["file\tlabels\tmodality\taxes"]
    for part in ("images", "labels"):
        (root / part).mkdir()
    for i in range(8):
        modality = "dark" if i < 6 else "bright"
        imsave(root / f"images/{i}.tif", two_squares().astype(np.uint16) * (i + 1), check_contrast=False)
        imsave(root / f"labels/{i}.png", two_squares().astype(np.uint8), check_contrast=False)
        rows.append(f"images/{i}.tif\tlabels/{i}.png\t{modality}\tYX")
    (root / "MANIFEST.tsv").write_text("\n".join(rows))
    return root


def test_a_limit_spreads_over_groups_and_a_split_chooses_one(tmp_path):
    folder = labelled_folder(tmp_path)
    assert [(e.name, e.group) for e in find_entries(folder, limit=4)] == [
        ("0", "dark"), ("2", "dark"), ("5", "dark"), ("6", "bright"),
    ]  # fmt: skip
    assert [e.name for e in find_entries(folder, "bright")] == ["6", "7"]
    with pytest.raises(ValueError, match="split 'none'"):
        find_entries(folder, "none")


def test_shrinking_keeps_image_and_labels_together(tmp_path):
    sample = find_entries(labelled_folder(tmp_path))[1].read(shrink=2)
    np.testing.assert_array_equal(sample.image, 2 * sample.truths[0])


def test_command_writes_table_and_file(tmp_path, capsys):
    folder, file = labelled_folder(tmp_path), tmp_path / "result.json"
    quality.main(f"--dataset {folder} --kind objects --methods otsu,kmeans --limit 2 --seeds 2 --json {file}".split())
    printed = capsys.readouterr().out
    assert "**dark**, 2 images" in printed
    content = json.loads(file.read_text())
    assert len(content["images"]) == 3 + 2 * 3  # Otsu once, k-means with two seeds
    otsu = content["summary"][0]
    assert (otsu["method"], otsu["seeds"]) == ("otsu", 1)
    assert otsu["mean"]["guided_f1"] == pytest.approx(2 / 3)  # at its best smoothing it finds the brighter square only
    assert content["versions"]["numpy"] == np.__version__
