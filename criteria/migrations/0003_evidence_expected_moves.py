from django.db import migrations


def to_expectations(apps, schema_editor):
    """What administrators wrote on indicators of their own editions moves to the expectations."""
    Indicator = apps.get_model("criteria", "Indicator")
    Expectation = apps.get_model("criteria", "Expectation")
    Expectation.objects.bulk_create(
        Expectation(indicator=indicator, evidence_vi=indicator.evidence_expected)
        for indicator in Indicator.objects.exclude(evidence_expected="")
    )


def to_indicators(apps, schema_editor):
    Indicator = apps.get_model("criteria", "Indicator")
    Expectation = apps.get_model("criteria", "Expectation")
    for expectation in Expectation.objects.exclude(evidence_vi=""):
        Indicator.objects.filter(pk=expectation.indicator_id).update(evidence_expected=expectation.evidence_vi)


class Migration(migrations.Migration):
    dependencies = [("criteria", "0002_expectation")]
    operations = [migrations.RunPython(to_expectations, to_indicators)]
