"""A refusal is a sentence, French where it is written, in the reader's language where it is shown."""

from foundation.errors import Refusal


def test_a_refusal_fills_its_sentence():
    refusal = Refusal("Le capteur {serial} est inconnu ; enregistrez-le d'abord.", field="serial", serial="EM-1")
    assert str(refusal) == refusal.sentence == "Le capteur EM-1 est inconnu ; enregistrez-le d'abord."
    assert refusal.field == "serial"


def test_a_refusal_is_said_in_the_language_of_its_reader():
    english = {"Le capteur {serial} est inconnu.": "Sensor {serial} is unknown."}
    refusal = Refusal("Le capteur {serial} est inconnu.", serial="{EM}-1")
    assert refusal.said_in(lambda sentence: english.get(sentence, sentence)) == "Sensor {EM}-1 is unknown."


def test_a_sentence_without_values_is_left_as_it_is_written():
    assert Refusal("Écrivez {jour}/{mois}.").sentence == "Écrivez {jour}/{mois}."
